"""The simulator as a lesser provider."""

from sop.transports.simulator import client


class KeysOnly(client.Transport):
    """Honours keys and cannot be asked: what may have gone out is sent again under its key."""

    tells_outcomes = False
