"""Settings: from the environment, a `.env` file, or secret files; every name begins with `EASEL_`.

Only what builds the rooms and `bot.__main__` import this. `.env.example` is generated from here
(`python -m bot settings`).
"""

import os
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.core.errors import SettingsError
from bot.core.money import Ticks, usd
from bot.jobs.line.order import MAX_WEIGHT

T = TypeVar("T")
PREFIX = "EASEL_"
# Docker and systemd put secrets into files named like the setting, in lower case with the prefix.
SECRETS_DIR_VARIABLE = "EASEL_SECRETS_DIR"
_WEIGHT = re.compile(r"([0-9]{1,20})\s*=\s*([0-9]{1,3})")
PROVIDERS = ("locus", "apiinone", "pixazo", "apiframe", "xai")


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be http(s)://host, with a path prefix where there is one")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or password")
    return value.rstrip("/")


def _public_address(value: str) -> str:
    """Over plain http a callback's address could be read on the way."""
    parts = urlsplit(value)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("must be https://host, with a path prefix where there is one")
    return _address(value)


def _gateway_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise ValueError("must be ws(s)://host")
    return value


Address = Annotated[str, AfterValidator(_address)]
# The last part of an address: it stands behind the gateway's own, so no slash, no dots, no query.
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
# A hash of Git's, or the beginning of one.
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{7,64}$")]
# More than any bot draws in a month; a number beyond it is a slip of the pen.
MAX_PICTURES = 1_000_000
PictureCount = Annotated[int, Field(ge=0, le=MAX_PICTURES)]
Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Settings(BaseSettings):
    """Every setting with its default; a field's description is its comment in `.env.example`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        extra="ignore",
        hide_input_in_errors=True,  # a key pasted into the wrong variable must not be printed
        frozen=True,
        env_ignore_empty=True,
    )

    discord_token: SecretStr = Field(description="The bot's token from Discord's developer portal. Required.")
    discord_api_url: Address | None = Field(
        default=None, description="Discord's REST address; only for trying Easel without Discord."
    )
    discord_gateway_url: Annotated[str, AfterValidator(_gateway_address)] | None = Field(
        default=None, description="Discord's gateway address; only for trying Easel without Discord."
    )
    data_dir: Path = Field(default=Path("data/run"), description="Folder of the database and the pictures.")
    catalogue: Path = Field(
        default=Path("data/catalogue.toml"),
        description='File of models, abilities and prices; its "wire" is the name that a gateway is sent for a model.',
    )

    locus_api_key: SecretStr | None = Field(default=None, description="Locus key; without it Locus is off.")
    locus_base_url: Address = Field(
        default="https://api.paywithlocus.com/api/wrapped/grok", description="Locus address."
    )
    locus_edit_field: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] = Field(
        default="image", description="Locus: the field that takes the picture to edit; its documents do not say."
    )
    locus_picture_slug: Slug = Field(default="image-generate", description="Locus: end of the address for pictures.")
    locus_edit_slug: Slug = Field(default="image-edit", description="Locus: end of the address for edits.")
    locus_chat_slug: Slug = Field(default="chat", description="Locus: end of the address for questions.")
    locus_web_slug: Slug = Field(
        default="web-search", description="Locus: the same for searching the web; its catalogue says chat-web-search."
    )
    locus_x_slug: Slug = Field(
        default="x-search", description="Locus: the same for searching X; its catalogue says chat-x-search."
    )
    locus_code_slug: Slug = Field(
        default="code-execution", description="Locus: the same for code; its catalogue says chat-code-execution."
    )
    locus_speech_slug: Slug = Field(default="tts", description="Locus: end of the address for speech.")
    locus_wallet_key: SecretStr | None = Field(
        default=None, description="Wallet that pays Locus by the call, where there is no Locus key. Keep it small."
    )
    locus_mpp_url: Address = Field(
        default="https://grok.mpp.paywithlocus.com", description="Locus address for paying by the call."
    )
    locus_rpc_url: Address = Field(default="https://rpc.tempo.xyz", description="The chain's RPC server.")
    locus_recipients: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("0x060b0fB0Be9d90557577B3AEE480711067149Ff0",), description="Who may be paid, with commas."
    )
    locus_max_call_usd: Dollars = Field(default=Decimal("0.10"), description="The most that one call may ask for.")
    locus_max_search_usd: Dollars = Field(
        default=Decimal("0.60"), description="The same for one that searches or runs a program."
    )
    locus_daily_usd: Dollars = Field(default=Decimal(2), description="The most that the wallet signs in a day (UTC).")
    apiinone_api_key: SecretStr | None = Field(default=None, description="API in One key; without it that is off.")
    apiinone_base_url: Address = Field(default="https://apiin.one/api/v1", description="API in One address.")
    apiinone_usd_per_credit: Annotated[Decimal, Field(gt=0, le=1, allow_inf_nan=False)] = Field(
        default=Decimal("0.01"), description="API in One: dollars for a credit; its pages say 0.002 and 0.01."
    )
    apiinone_callback: bool = Field(
        default=True, description="API in One: whether callback_url is sent; only its newer pages know it."
    )
    pixazo_api_key: SecretStr | None = Field(default=None, description="Pixazo key; without it Pixazo is off.")
    pixazo_base_url: Address = Field(default="https://gateway.pixazo.ai", description="Pixazo address.")
    apiframe_api_key: SecretStr | None = Field(default=None, description="Apiframe key; without it that is off.")
    apiframe_base_url: Address = Field(default="https://api.apiframe.ai/v2", description="Apiframe address.")
    apiframe_params_key: Annotated[str, Field(pattern=r"^(grokParams|grokImagineParams)$")] = Field(
        default="grokParams", description="Apiframe: grokParams or grokImagineParams; its documents disagree."
    )
    apiframe_webhook_key: Annotated[str, Field(pattern=r"^(webhookUrl|webhook_url)$")] = Field(
        default="webhookUrl", description="Apiframe: webhookUrl or webhook_url; its documents disagree."
    )
    apiframe_old_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(), description="Apiframe: earlier keys, with commas, whose callbacks count while the key is changed."
    )
    xai_api_key: SecretStr | None = Field(default=None, description="xAI key; without it xAI is off.")
    xai_base_url: Address = Field(default="https://api.x.ai/v1", description="xAI address.")
    xai_deferred: bool = Field(
        default=False, description="xAI: pictures are asked for later, so that a lost answer costs no more than a poll."
    )

    download_allow_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Private hosts (host or host:port, with commas) that pictures may be fetched from. Empty: none.",
    )
    web_host: str = Field(default="127.0.0.1", description="Where health checks and callbacks are answered.")
    web_port: int = Field(default=8787, ge=0, le=65535, description="Its port; 0 takes a free one and logs it.")
    public_url: Annotated[str, AfterValidator(_public_address)] | None = Field(
        default=None,
        description="https address that your proxy passes on to that port, for gateways to call. Empty: only asked.",
    )
    operator_ids: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(),
        description="Discord ids of those who run this bot, with commas: told privately when a ceiling fills.",
    )

    provider_order: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Which provider is taken first at equal prices, with commas: pixazo,locus."
    )
    provider_daily_usd: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="The most for a provider in a day, all servers together: pixazo=1,locus=0.50."
    )
    provider_monthly_usd: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="The same per month. A provider that is not named has no ceiling of its own."
    )
    provider_daily_pictures: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="The most pictures of a provider in a day: pixazo=100. Unset: no limit of their number."
    )
    provider_monthly_pictures: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="The same per month."
    )
    monthly_ceiling_usd: Dollars = Field(default=Decimal(50), description="All servers together, per month.")
    monthly_ceiling_pictures: PictureCount | None = Field(
        default=None, description="Pictures of all servers together, per month. Unset: no limit of their number."
    )
    guild_monthly_usd: Dollars = Field(default=Decimal(20), description="Each server, per month.")
    guild_monthly_pictures: PictureCount | None = Field(
        default=None, description="Pictures of each server, per month. Unset: no limit of their number."
    )
    guild_daily_usd: Dollars = Field(default=Decimal(2), description="Each server, per day.")
    guild_daily_pictures: PictureCount | None = Field(default=None, description="The same per day.")
    member_daily_usd: Dollars = Field(default=Decimal("0.50"), description="Each member of a server, per day.")
    member_daily_pictures: int = Field(
        default=25, ge=0, le=100_000, description="Pictures for each member of a server, per day."
    )
    member_jobs: int = Field(default=3, ge=1, le=100, description="Requests a member may have under way at once.")
    guild_jobs: int = Field(default=8, ge=1, le=1_000, description="Requests of one server at the gateways at once.")
    member_at_once: int = Field(
        default=4, ge=1, le=1_000, description="Of these, requests of one member; the others wait in line."
    )
    guild_weights: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Servers whose turn in line comes more often than once a round, by their id: 1234=2,5678=3.",
    )
    picture_days: int = Field(
        default=90, ge=0, le=36_500, description="Days that pictures are kept with the bot; 0 is for ever."
    )
    record_days: int = Field(
        default=730,
        ge=0,
        le=36_500,
        description="Days that the words of requests are kept; what they cost stays for ever. 0 is for ever.",
    )
    commit: Commit | None = Field(
        default=None,
        description="The commit this was built from, which /about shows; in a clone it is found by itself.",
    )
    source_url: Address | None = Field(
        default=None, description="Where this bot's source can be read; /about links there. Empty: no link."
    )
    shutdown_grace_s: float = Field(
        default=8.0,
        ge=0.1,
        le=600,
        description="Seconds that a stop waits for requests being sent; Docker allows 10.",
    )
    log_level: Annotated[str, Field(pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")] = Field(
        default="INFO", description="DEBUG, INFO, WARNING or ERROR; prompts and keys are never logged."
    )
    crash_at: str | None = Field(default=None, description="For tests alone: dies at this named point.")

    @field_validator(
        "download_allow_hosts",
        "locus_recipients",
        "apiframe_old_keys",
        "operator_ids",
        "provider_order",
        "guild_weights",
        "provider_daily_usd",
        "provider_monthly_usd",
        "provider_daily_pictures",
        "provider_monthly_pictures",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("provider_order")
    @classmethod
    def _names_providers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(value) <= set(PROVIDERS):
            raise ValueError(f"must name only {', '.join(PROVIDERS)}")
        return value

    @field_validator("provider_daily_usd", "provider_monthly_usd")
    @classmethod
    def _prices_providers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(by_provider(value)) <= set(PROVIDERS):
            raise ValueError(f"must name only {', '.join(PROVIDERS)}")
        return value

    @field_validator("provider_daily_pictures", "provider_monthly_pictures")
    @classmethod
    def _counts_providers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(counts_by_provider(value)) <= set(PROVIDERS):
            raise ValueError(f"must name only {', '.join(PROVIDERS)}")
        return value

    @field_validator("guild_weights")
    @classmethod
    def _weighs_guilds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        weights_of(value)
        return value

    @field_validator("discord_token")
    @classmethod
    def _has_token(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("must not be empty")
        return value

    def keys(self) -> Mapping[str, tuple[str, str]]:
        """Key and address of every provider that has a key."""
        found: dict[str, tuple[str, str]] = {}
        for name in PROVIDERS:
            key: SecretStr | None = getattr(self, f"{name}_api_key")
            if key is not None and key.get_secret_value().strip():
                found[name] = (key.get_secret_value().strip(), getattr(self, f"{name}_base_url"))
        return found

    def secrets(self) -> tuple[str, ...]:
        """Every secret value there is, for the log's filter."""
        hidden = self.old_apiframe_keys()
        if "locus_rpc_url" in self.model_fields_set:
            hidden = (*hidden, self.locus_rpc_url)  # it may hold a key of its own
        if self.locus_wallet_key is not None:
            wallet = self.locus_wallet_key.get_secret_value().strip()
            hidden = (*hidden, wallet, wallet.removeprefix("0x"))
        return (self.discord_token.get_secret_value(), *(key for key, _ in self.keys().values()), *hidden)

    def old_apiframe_keys(self) -> tuple[str, ...]:
        """Earlier keys of Apiframe."""
        return tuple(key.get_secret_value() for key in self.apiframe_old_keys)

    def wallet(self) -> str | None:
        """The wallet's key where Locus is to be paid by the call: with a wallet and without a key."""
        if self.locus_wallet_key is None or "locus" in self.keys():
            return None
        return self.locus_wallet_key.get_secret_value().strip() or None


def load(**overrides: Any) -> Settings:
    """Reads the settings. Raises SettingsError naming the first bad one, never its value."""
    secrets_dir = os.environ.get(SECRETS_DIR_VARIABLE)
    try:
        return Settings(_secrets_dir=secrets_dir, **overrides)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = PREFIX + str(first["loc"][0]).upper()
        problem = "is missing" if first["type"] == "missing" else _plain(first["msg"])
        raise SettingsError(name, problem) from None


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")


def dollars(amount: Decimal) -> Ticks:
    """A settings amount as ticks."""
    return usd(amount)


def by_provider(amounts: tuple[str, ...]) -> Mapping[str, Ticks]:
    """`provider=dollars` each, as ticks. Raises ValueError."""
    return _by_provider(amounts, usd, "dollars")


def counts_by_provider(amounts: tuple[str, ...]) -> Mapping[str, int]:
    """`provider=pictures` each. Raises ValueError."""
    return _by_provider(amounts, _pictures, "pictures")


def _pictures(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PICTURES:
        raise ValueError(f"must be a number of pictures, at most {MAX_PICTURES}")
    return int(text)


def _by_provider(amounts: tuple[str, ...], read: Callable[[str], T], what: str) -> Mapping[str, T]:
    found: dict[str, T] = {}
    for one in amounts:
        name, equals, amount = one.partition("=")
        if not equals or name.strip() in found:
            raise ValueError(f"must be provider={what}, each provider once")
        found[name.strip()] = read(amount.strip())
    return found


def weights_of(pairs: tuple[str, ...]) -> Mapping[int, int]:
    """`guild=turns in a round` each. Raises ValueError."""
    found: dict[int, int] = {}
    for one in pairs:
        matched = _WEIGHT.fullmatch(one)
        if matched is None or int(matched[1]) in found or not 1 <= int(matched[2]) <= MAX_WEIGHT:
            raise ValueError(f"must be server=turns, each server once, 1 to {MAX_WEIGHT} turns")
        found[int(matched[1])] = int(matched[2])
    return found


def example() -> str:
    """The text of `.env.example`."""
    lines = [
        "# Copy to .env and fill in. Made from the settings: python -m bot settings > .env.example",
        f"# Secrets may also be files named like the setting, in a folder that {SECRETS_DIR_VARIABLE} names.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        if name == "crash_at":
            continue
        lines.append(f"# {field.description}")
        default = "" if field.is_required() or field.default is None else _shown(field.default)
        lines.append(f"{'' if field.is_required() else '#'}{PREFIX}{name.upper()}={default}")
        lines.append("")
    return "\n".join(lines)


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(str(part) for part in default) if isinstance(default, tuple) else str(default)


class _Folder(BaseSettings):
    """The one setting that commands beside the bot need."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", env_ignore_empty=True)

    data_dir: Path = Settings.model_fields["data_dir"].default


def data_dir() -> Path:
    """The data folder, without asking for a token."""
    return _Folder().data_dir


class _Prices(BaseSettings):
    """What the price of a credit hangs on."""

    model_config = _Folder.model_config

    catalogue: Path = Settings.model_fields["catalogue"].default
    apiinone_usd_per_credit: Decimal = Settings.model_fields["apiinone_usd_per_credit"].default


def prices() -> tuple[Path, Mapping[str, Ticks]]:
    """The catalogue's path and what replaces its prices of a credit, without asking for a token."""
    found = _Prices()
    return found.catalogue, {"apiinone": usd(found.apiinone_usd_per_credit)}
