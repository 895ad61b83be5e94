"""A terminal's home on disk, and everything in it, opened once and only when asked for.

    HOME/config.toml    terminal, site, role, home_id, run folder, key token; `keys init` alone
                        ever writes it again
    HOME/profile.json   the city's public profile, byte for byte
    HOME/keys.sealed    the key store, encrypted; or
    HOME/keys.terminal  the terminal's own key, where the others are in a token (config.toml)
    HOME/ledger.db      the ledger
    HOME/run/           locks and marks of living processes

A home is made beside its place and renamed into it, so a cut leaves none or a whole one. A home
with the development profile is a simulation home: its passphrase is public, and it may do all.
"""

from __future__ import annotations

import re
import secrets
import tomllib
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from terminal.errors import HomeDamaged, NoHome, RealHome, TerminalName, WrongRole

if TYPE_CHECKING:
    from cards.config import OurSectors
    from drivers.keys.contract import KeyStore, TokenAt
    from issuance.bind import Binder
    from issuance.desk import Desk
    from sync.client import HubClient
    from sync.clock import Clock
    from sync.ledger.ledger import Ledger
    from sync.profile import Profile
    from validation.gate import Gate
    from validation.network import Network

ROLES: Final = ("counter", "kiosk", "validator", "import")

# Which commands belong to which role; what is not named belongs to all.
ROLE_OF: Final[dict[str, str]] = {
    "issue": "counter",
    "bind": "counter",
    "unbind": "counter",
    "open": "counter",
    "card rekey": "counter",
    "counter": "counter",
    "kiosk": "kiosk",
    "tap": "validator",
    "import claims": "import",
}
# Could forge: never in a real home.
SIMULATION_ONLY: Final = ("card new", "card topup", "card serve", "tap --at")
SIMULATION_PASSPHRASE: Final = "flora simulation, no secret"  # noqa: S105  public, as said
PUSH_S: Final = 2.0
_NAME = re.compile(r"[A-Za-z0-9-]{1,32}")
CONFIG, PROFILE, KEYS, LEDGER = "config.toml", "profile.json", "keys.sealed", "ledger.db"
TERMINAL_KEYS = "keys.terminal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What `config.toml` says. `home_id`: 16 random bytes that never change, also when copied.
    `library` and `token`: path and label of the PKCS#11 token that holds the keys, if one does."""

    terminal: str
    site: str
    role: str | None
    home_id: bytes
    run: str
    library: str | None = None
    token: str | None = None

    def as_toml(self) -> str:
        """The file; but for a library's path and a token's label, names are letters, digits and
        hyphens, so that nothing else needs escaping."""
        role = f'role = "{self.role}"\n' if self.role else ""
        keys = (
            f'keys = "pkcs11"\nlibrary = {_quoted(self.library)}\ntoken = {_quoted(self.token)}\n'
            if self.library and self.token
            else ""
        )
        return (
            f'terminal = "{self.terminal}"\nsite = "{self.site}"\n{role}'
            f'home_id = "{self.home_id.hex()}"\nrun = "{self.run}"\n{keys}'
        )

    @classmethod
    def read(cls, path: Path) -> Config:
        """Raises `HomeDamaged`."""
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
            in_token = {"file": False, "pkcs11": True}[said.get("keys", "file")]
            return cls(
                terminal=checked_name(said["terminal"]),
                site=str(said["site"]),
                role=said.get("role"),
                home_id=bytes.fromhex(said["home_id"]),
                run=str(said["run"]),
                library=str(said["library"]) if in_token else None,
                token=str(said["token"]) if in_token else None,
            )
        except (ValueError, KeyError, TypeError, TerminalName):
            raise HomeDamaged(file=path.name) from None


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's."""
    import json

    return json.dumps(text, ensure_ascii=False)


def checked_name(terminal: str) -> str:
    """`terminal`, if it is 1 to 32 letters, digits and hyphens. Raises `TerminalName`."""
    if not _NAME.fullmatch(terminal):
        raise TerminalName
    return terminal


class Home:
    """One home, opened by one process; a context manager. Parts are opened at first use."""

    def __init__(self, path: Path, config: Config, *, stdin_is_taken: bool) -> None:
        self.path = path
        self.config = config
        self._stdin_is_taken = stdin_is_taken
        self._closing = ExitStack()

    @classmethod
    def open(cls, path: Path, *, stdin_is_taken: bool = True) -> Home:
        """The home in the folder `path`. Raises `NoHome`, `HomeDamaged`."""
        if not (path / CONFIG).is_file() or not (path / LEDGER).is_file():
            raise NoHome(path=str(path))
        return cls(path, Config.read(path / CONFIG), stdin_is_taken=stdin_is_taken)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened. Idempotent."""
        self._closing.close()

    def allow(self, command: str) -> None:
        """Raises `RealHome` or `WrongRole` where this home may not run `command` (its words
        without options, `tap --at` apart)."""
        role = self.config.role
        if command in SIMULATION_ONLY and not self.simulation:
            raise RealHome(command=command)
        owner = ROLE_OF.get(command) or ROLE_OF.get(command.split(" ")[0])
        if role is not None and owner not in (None, role):
            raise WrongRole(role=role, command=command)

    @cached_property
    def profile(self) -> Profile:
        """The city's public profile."""
        from sync.profile import Profile

        return Profile.load((self.path / PROFILE).read_bytes())

    @property
    def simulation(self) -> bool:
        """Whether this home has the development profile."""
        return self.profile.simulation

    @cached_property
    def keys(self) -> KeyStore:
        """The key store, opened with the passphrase, or the token's PIN. Raises `Keystore`,
        `KeyToken`, `KeyUnguarded`, `DevelopmentKey`, `NoPassphrase`."""
        from terminal.custody import open_keys

        return open_keys(self, self._passphrase())

    @property
    def key_token(self) -> TokenAt | None:
        """The PKCS#11 token that holds the keys; None: they are in a file."""
        if self.config.library is None or self.config.token is None:
            return None
        from drivers.keys.contract import TokenAt

        return TokenAt(self.config.library, self.config.token)

    def _passphrase(self) -> str:
        if self.config.token is None and self.simulation:
            return SIMULATION_PASSPHRASE
        from terminal.passphrase import known_passphrase

        ask = "ui.passphrase" if self.config.token is None else "ui.pin"
        return known_passphrase(stdin_is_taken=self._stdin_is_taken, ask=ask)

    @cached_property
    def clock(self) -> Clock:
        """The machine's clock."""
        from sync.clock import SystemClock

        return SystemClock()

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, open until `close`."""
        from sync.ledger.ledger import Ledger

        ledger = Ledger.open(
            self.path / LEDGER,
            keys=self.keys,
            clock=self.clock,
            random=secrets.token_bytes,
            run_dir=self.run_dir,
        )
        self._closing.callback(ledger.close)
        return ledger

    @cached_property
    def ours(self) -> OurSectors:
        """Which sectors of the stock are ours."""
        from cards.config import OurSectors

        return OurSectors(sectors=self.profile.sectors, ledger_mode=self.profile.ledger_mode)

    @cached_property
    def network(self) -> Network:
        """Routes and stops."""
        from validation.network import Network

        return Network.load(None)

    @property
    def run_dir(self) -> Path:
        """Locks and marks of living processes."""
        return self.path / self.config.run

    @cached_property
    def client(self) -> HubClient | None:
        """The hub, if this terminal has joined one."""
        from sync.client import HubClient

        standing = self.ledger.standing()
        if not standing.enrolled:
            return None
        return HubClient(
            standing=standing,
            acked=self.ledger.acked,
            keys=self.keys,
            profile=self.profile,
            clock=self.clock,
            random=secrets.token_bytes,
        )

    def push(self) -> None:
        """Send what waits, if the hub answers within two seconds. Never fails: what is not sent
        now waits for `sync run`."""
        from apdu.errors import Fault
        from sync.run import AlreadyRunning, run

        if (client := self.client) is not None:
            with suppress(Fault, AlreadyRunning):
                run(self.ledger, client, run_dir=self.run_dir, seconds=PUSH_S, within_s=PUSH_S)

    @cached_property
    def desk(self) -> Desk:
        """Carries issuances out."""
        from issuance.desk import Desk

        return Desk(
            ledger=self.ledger,
            keys=self.keys,
            profile=self.profile,
            authority=self.client,
            clock=self.clock,
            random=secrets.token_bytes,
        )

    @cached_property
    def binder(self) -> Binder:
        """Carries bindings out."""
        from issuance.bind import Binder

        return Binder(ledger=self.ledger, keys=self.keys, profile=self.profile, clock=self.clock)

    @cached_property
    def gate(self) -> Gate:
        """Carries taps out."""
        from validation.gate import Gate
        from validation.policy import FarePolicy

        return Gate(
            self.ledger,
            network=self.network,
            policy=FarePolicy.from_profile(self.profile.fare),
            terminal=self.config.terminal,
        )
