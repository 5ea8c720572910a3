"""The REST interface of tags, attributes and consent."""
