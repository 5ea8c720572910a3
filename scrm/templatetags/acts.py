"""`{% load acts %}`: the audit log in words."""

from django import template

from scrm.console.acts import act_in_words, actor_in_words, detail_in_words, scope_in_words

register = template.Library()
register.filter("act_in_words", act_in_words)
register.filter("actor_in_words", actor_in_words)
register.filter("scope_in_words", scope_in_words)
register.filter("detail_in_words", detail_in_words)
