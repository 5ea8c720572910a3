"""`{% load figures %}`: the figures of `scrm.figures` as template filters."""

from django import template

from scrm import figures
from tenants.access import mask_phone

register = template.Library()
register.filter("number", figures.number)
register.filter("amount", figures.amount)
register.filter("money", figures.money)
register.filter("short_money", figures.short_money)
register.filter("short", figures.short)
register.filter("pct", figures.percent)
register.filter("ratio", figures.ratio)
register.filter("day", figures.day)
register.filter("moment", figures.moment)
register.filter("zone", figures.zone)
register.filter("mask_phone", mask_phone)
