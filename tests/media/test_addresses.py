"""Which addresses a download may reach."""

from ipaddress import ip_address

import pytest

from bot.media.addresses import AllowedHost, is_public, may_connect, parse_address, parse_allowed


@pytest.mark.parametrize(
    "text",
    ["1.1.1.1", "8.8.8.8", "172.32.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"],
)
def test_an_address_on_the_public_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104 - to be refused
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_every_other_address_is_refused(text: str) -> None:
    assert not is_public(ip_address(text))
    assert not may_connect(ip_address(text), 443, named=False, allowed=())


@pytest.mark.parametrize(
    ("entry", "host", "port"),
    [
        ("127.0.0.1", "127.0.0.1", None),
        ("127.0.0.1:9000", "127.0.0.1", 9000),
        ("CDN.Local.:80", "cdn.local", 80),
        ("cdn.local", "cdn.local", None),
        ("::1", "::1", None),
        ("[::1]", "::1", None),
        (" [::1]:9000 ", "::1", 9000),
    ],
)
def test_an_exception_is_a_host_with_or_without_a_port(entry: str, host: str, port: int | None) -> None:
    assert parse_allowed([entry]) == (AllowedHost(host=host, port=port),)


def test_empty_exceptions_are_passed_over() -> None:
    assert parse_allowed(["", "  "]) == ()


@pytest.mark.parametrize(
    "entry",
    [
        "cdn:0",
        "cdn:65536",
        "cdn:http",
        "cdn:",
        ":80",
        "http://cdn",
        "a/b",
        "a@b",
        "*.cdn",
        "[cdn]:80",
        "[::1",
        "a b",
    ],
)
def test_a_wrong_exception_is_named_without_its_text(entry: str) -> None:
    with pytest.raises(ValueError, match="allowed host") as caught:
        parse_allowed([entry])
    assert entry not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "host", "port", "expected"),
    [
        ("127.0.0.1:9000", "127.0.0.1", 9000, True),
        ("127.0.0.1:9000", "127.0.0.1", 9001, False),
        ("127.0.0.1:9000", "127.0.0.2", 9000, False),
        ("127.0.0.1", "::ffff:127.0.0.1", 1, True),
        ("127.0.0.1", "localhost", 1, False),
        ("localhost", "LOCALHOST.", 1, True),
        ("localhost", "sub.localhost", 1, False),
        ("cdn.local", "evilcdn.local", 1, False),
    ],
)
def test_an_exception_covers_only_its_own_host_and_port(entry: str, host: str, port: int, *, expected: bool) -> None:
    assert parse_allowed([entry])[0].covers(host, port) is expected


def test_an_excepted_address_opens_itself_and_no_neighbour() -> None:
    allowed = parse_allowed(["127.0.0.1:9000", "169.254.1.1"])
    assert may_connect(ip_address("127.0.0.1"), 9000, named=False, allowed=allowed)
    assert may_connect(ip_address("::ffff:127.0.0.1"), 9000, named=False, allowed=allowed)
    assert may_connect(ip_address("169.254.1.1"), 1, named=False, allowed=allowed)
    assert not may_connect(ip_address("127.0.0.1"), 9001, named=False, allowed=allowed)
    assert not may_connect(ip_address("127.0.0.2"), 9000, named=False, allowed=allowed)
    assert not may_connect(ip_address("169.254.169.254"), 1, named=False, allowed=allowed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1", True),
        ("192.168.1.9", True),
        ("100.100.1.1", True),
        ("fd00::9", True),
        ("::1", True),
        ("169.254.169.254", False),
        ("fe80::1", False),
        ("0.0.0.0", False),  # noqa: S104 - to be refused
        ("224.0.0.1", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_an_excepted_name_leads_inside_but_never_to_the_link(text: str, *, expected: bool) -> None:
    allowed = parse_allowed(["cdn.local:80"])
    assert may_connect(ip_address(text), 80, named=True, allowed=allowed) is expected


def test_only_the_usual_spelling_is_read_as_an_address() -> None:
    assert parse_address("127.0.0.1") == ip_address("127.0.0.1")
    assert parse_address("::ffff:127.0.0.1") == ip_address("127.0.0.1")
    assert parse_address("0x7f000001") is None
