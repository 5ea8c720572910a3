"""The REST interface of orders and refunds."""
