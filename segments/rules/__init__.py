"""Rules over contacts: a JSON tree, checked, compiled to one statement by sets, and told in words. Pure.

`parse_rule` makes a `Rule` of what a client sent, or raises `InvalidRule` whose errors point at the node; `read_rule`
reads one that was kept, in which what has been deleted since matches nobody. Both need `KnownNames`: what the tenant
has, by id. Everything else takes a `Rule`:

- `compile_rule` → the ids of who matches; `compile_count`, `compile_preview`: how many, and a few of them.
- `compile_explain` → one row of booleans for one contact, which `read_explanation` deals to the nodes;
  `compile_windows` → what its order leaves count of her, for `read_windows`.
- `depends_on` → which news (`contacts.Change` reasons, other segments, time) can change who matches.
- `edges_of` → the instants' windows; `crossed_sql` → whose instant left a window between two looks.
- `rule_schema`, `rule_value`, `describe`, `phrases`: the published JSON schema, the rule as JSON, in words,
  and node by node in words.

A `Compiled` is SQL with named parameters, all of which start with `rule_`, so that it fits into a larger statement.
"""

from segments.rules.compiled import Compiled
from segments.rules.compiler import compile_count, compile_preview, compile_rule
from segments.rules.edges import Edge, crossed_sql, edges_of
from segments.rules.explain import (
    Explanation,
    compile_explain,
    compile_windows,
    read_explanation,
    read_windows,
)
from segments.rules.facts import Dependencies, depends_on
from segments.rules.parsing import InvalidRule, KnownAttribute, KnownNames, RuleError, parse_rule, read_rule
from segments.rules.tree import Rule, nodes_of, rule_schema, rule_value
from segments.rules.words import describe, phrases

__all__ = [
    "Compiled",
    "Dependencies",
    "Edge",
    "Explanation",
    "InvalidRule",
    "KnownAttribute",
    "KnownNames",
    "Rule",
    "RuleError",
    "compile_count",
    "compile_explain",
    "compile_preview",
    "compile_rule",
    "compile_windows",
    "crossed_sql",
    "depends_on",
    "describe",
    "edges_of",
    "nodes_of",
    "parse_rule",
    "phrases",
    "read_explanation",
    "read_rule",
    "read_windows",
    "rule_schema",
    "rule_value",
]
