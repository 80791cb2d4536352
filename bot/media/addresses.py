"""Which addresses a download may reach. Pure.

An address from outside (a gateway's answer, a redirect, a name server) may only lead to the public internet.
The operator may name exceptions, `host` or `host:port`; an exception opens what it names and nothing beside
it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Refused by name, because `is_global` says True for most of these (measured on 3.11.7).
_REFUSED_V4 = (
    ip_network("192.88.99.0/24"),  # relay of 6to4, RFC 7526
    ip_network("192.0.0.0/24"),  # protocol assignments, RFC 6890
)
_REFUSED_V6 = (
    ip_network("2001::/23"),  # protocol assignments, among them Teredo, which carries an IPv4 address
    ip_network("2001:db8::/32"),  # documentation
    ip_network("2002::/16"),  # 6to4 carries an IPv4 address, RFC 3056
    ip_network("3fff::/20"),  # documentation, RFC 9637
)
# All that is public in IPv6 (IANA, "IPv6 Global Unicast Address Space"). What lies outside is refused as a
# whole: NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), IPv4-compatible and -translated, site-local, multicast.
_PUBLIC_V6 = ip_network("2000::/3")

# Where a name that the operator excepted may lead. Link-local, with the cloud's metadata service, is not
# among them.
_INSIDE = tuple(
    ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
    )
)
_MAX_PORT = 65_535


def is_public(address: Address) -> bool:
    """True for an address on the public internet; an IPv4-mapped one counts as the address inside it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _PUBLIC_V6 and address.is_global and not any(address in network for network in _REFUSED_V6)
    return address.is_global and not address.is_multicast and not any(address in network for network in _REFUSED_V4)


def parse_address(text: str) -> Address | None:
    """The address that `text` spells in the usual form (dotted decimal or IPv6), unmapped, or None."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return _unmapped(address)


def _unmapped(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedHost:
    """One exception: a name or an address, on one port or (None) on every port."""

    host: str
    port: int | None = None

    @property
    def address(self) -> Address | None:
        """The address this exception spells out, or None when it is a name."""
        return parse_address(self.host)

    def covers(self, host: str, port: int) -> bool:
        """True when a URL's own host and port are the ones named here."""
        if self.port is not None and self.port != port:
            return False
        address = self.address
        if address is not None:
            return parse_address(host) == address
        return _plain_name(host) == self.host


def parse_allowed(entries: Iterable[str]) -> tuple[AllowedHost, ...]:
    """Reads `host`, `host:port`, `[v6]:port` or a bare IPv6 address; empty entries are passed over.

    Raises ValueError, without the entry's text, for anything else.
    """
    return tuple(_parse_entry(entry.strip()) for entry in entries if entry.strip())


def _parse_entry(entry: str) -> AllowedHost:
    if parse_address(entry) is not None:
        return AllowedHost(host=entry)
    host, colon, port = entry.rpartition(":") if not entry.endswith("]") else (entry, "", "")
    if not colon:
        host = entry
    elif not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= _MAX_PORT:
        raise ValueError("after the colon of an allowed host stands a port from 1 to 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if parse_address(host) is None:
            raise ValueError("an allowed host in brackets is an IPv6 address")
    elif not host or any(sign in "/@:?#[]*" or sign.isspace() for sign in host):
        raise ValueError("an allowed host is a name or an address, with a port or without")
    return AllowedHost(host=_plain_name(host), port=int(port) if colon else None)


def _plain_name(host: str) -> str:
    return host.lower().removesuffix(".")


def may_connect(address: Address, port: int, *, named: bool, allowed: Iterable[AllowedHost]) -> bool:
    """True when a socket to this resolved address may be opened.

    `named` says that the URL's own host and port are an exception that is a name: such a name may lead
    inside, but not to link-local, multicast or unspecified addresses. An exception that is an address opens
    only itself.
    """
    address = _unmapped(address)
    if is_public(address):
        return True
    if named and any(address in network for network in _INSIDE):
        return True
    return any(entry.address == address and entry.port in {None, port} for entry in allowed)
