"""A protocol can be written down again and read back to the same protocol, whatever is in it."""

from dataclasses import fields

from hypothesis import given

from leeward import definitions
from leeward.rules.protocol import Protocol
from leeward.rules.protocol.data import as_data
from leeward.rules.protocol.parse import interpret
from leeward.rules.yaml_source import Document, mistakes

from .strategies import rich_protocols
from .written import shipped


def read_back(protocol: Protocol) -> Protocol:
    document = Document(name="again", data=as_data(protocol), lines={})
    assert mistakes(document, definitions.schema("protocol")) == ()
    return interpret(document).protocol


def same(one: Protocol, other: Protocol) -> bool:
    return all(getattr(one, field.name) == getattr(other, field.name) for field in fields(Protocol))


def test_the_shipped_protocol_reads_back_the_same() -> None:
    assert same(read_back(shipped()), shipped())


@given(rich_protocols())
def test_any_protocol_reads_back_the_same(protocol: Protocol) -> None:
    assert same(read_back(protocol), protocol)
