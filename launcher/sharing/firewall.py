"""Windows Defender Firewall: does it keep the class out, and one rule that lets it in.

Everything is asked through PowerShell's own cmdlets, as JSON. Only adding and removing the rule
needs an administrator; Windows asks the user itself (UAC). Nothing is done without consent.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from launcher.sharing.reachability import Answer
from launcher.sharing.wifi import Run, run_program

RULE_NAME = "Paadje"

_ASK = r"""
$ErrorActionPreference='SilentlyContinue'
$program=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('%s'))
$rules=Get-NetFirewallApplicationFilter -Program $program | Get-NetFirewallRule |
  Where-Object {$_.Direction -eq 'Inbound'} | ForEach-Object {
    @{name=$_.DisplayName;action="$($_.Action)";enabled="$($_.Enabled)";profile="$($_.Profile)";
      source="$($_.PolicyStoreSourceType)"}}
$networks=Get-NetConnectionProfile | ForEach-Object {
    @{interface=$_.InterfaceAlias;category="$($_.NetworkCategory)"}}
$profiles=Get-NetFirewallProfile -PolicyStore ActiveStore | ForEach-Object {
    @{name=$_.Name;enabled="$($_.Enabled)";inbound="$($_.DefaultInboundAction)";
      local_rules="$($_.AllowLocalFirewallRules)";allow_inbound="$($_.AllowInboundRules)"}}
@{rules=@($rules);networks=@($networks);profiles=@($profiles)} | ConvertTo-Json -Depth 4 -Compress
"""

_CATEGORIES = {"public": "Public", "private": "Private", "domainauthenticated": "Domain"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallFindings:
    """``shut`` is whether a phone is kept out as things are.

    ``reasons``: ``block_rule`` (somebody once clicked "Cancel"), ``public_network``,
    ``policy`` (IT decides; our rule would do nothing), ``no_rule``.
    """

    shut: Answer
    reasons: tuple[str, ...] = ()
    category: Literal["Public", "Private", "Domain"] | None = None

    @property
    def rule_would_help(self) -> bool:
        """Whether adding our rule opens the way."""
        return self.shut == "yes" and not {"policy", "public_network"} & set(self.reasons)


def inspect(program: str, interface: str, run: Run = run_program) -> FirewallFindings:
    """What the firewall does with requests for ``program`` that come in on ``interface``."""
    encoded = base64.b64encode(program.encode()).decode()
    output = run(("powershell", "-NoProfile", "-NonInteractive", "-Command", _ASK % encoded))
    try:
        found = json.loads(output)
        rules, networks, profiles = (
            [entry for entry in found[name] if isinstance(entry, dict)]
            for name in ("rules", "networks", "profiles")
        )
    except (ValueError, KeyError, TypeError):
        return FirewallFindings(shut="unknown")
    return _judge(interface, rules, networks, profiles)


def allow_command(program: str) -> tuple[str, ...]:
    """One rule: our program, TCP, from the own network only, and never on a public network."""
    arguments = (
        "advfirewall firewall add rule "
        f'name="{RULE_NAME}" dir=in action=allow program="{_plain(program)}" protocol=TCP '
        "remoteip=LocalSubnet profile=private,domain enable=yes"
    )
    return _elevated(arguments)


def remove_command() -> tuple[str, ...]:
    """Take our rule away again; other rules are left alone."""
    return _elevated(f'advfirewall firewall delete rule name="{RULE_NAME}"')


def add_rule(program: str, run: Run = run_program) -> bool:
    """Ask Windows to add the rule, after the user agreed; whether Windows did so."""
    return run(allow_command(program)).strip() == "0"


def remove_rule(run: Run = run_program) -> bool:
    """Ask Windows to remove our rule; whether it did."""
    return run(remove_command()).strip() == "0"


def _judge(
    interface: str,
    rules: Sequence[dict[str, Any]],
    networks: Sequence[dict[str, Any]],
    profiles: Sequence[dict[str, Any]],
) -> FirewallFindings:
    raw = next(
        (each.get("category") for each in networks if each.get("interface") == interface), ""
    )
    category = _CATEGORIES.get(str(raw).lower())
    profile = next((each for each in profiles if each.get("name") == category), None)
    if category is None or profile is None:
        return FirewallFindings(shut="unknown")
    known = {"category": category}
    if not _on(profile.get("enabled")):
        return FirewallFindings(shut="no", **known)  # type: ignore[arg-type]
    mine = [rule for rule in rules if _on(rule.get("enabled")) and _covers(rule, category)]
    reasons = []
    if any(rule.get("action") == "Block" for rule in mine):
        reasons.append("block_rule")  # A block rule wins from every allow rule.
    if profile.get("allow_inbound") == "False":
        reasons.append("policy")
    by_policy = [rule for rule in mine if rule.get("source") == "GroupPolicy"]
    counted = by_policy if profile.get("local_rules") == "False" else mine
    allowed = any(rule.get("action") == "Allow" for rule in counted)
    open_anyway = profile.get("inbound") == "Allow"
    if not allowed and not open_anyway:
        if profile.get("local_rules") == "False":
            reasons.append("policy")
        elif category == "Public":
            reasons.append("public_network")
        else:
            reasons.append("no_rule")
    return FirewallFindings(
        shut="yes" if reasons else "no",
        reasons=tuple(dict.fromkeys(reasons)),
        **known,  # type: ignore[arg-type]
    )


def _covers(rule: dict[str, Any], category: str) -> bool:
    names = {name.strip() for name in str(rule.get("profile", "")).split(",")}
    return bool(names & {"Any", category})


def _on(value: object) -> bool:
    return str(value) in ("True", "1")


def _elevated(arguments: str) -> tuple[str, ...]:
    quoted = arguments.replace("'", "''")
    script = (
        "try { $p = Start-Process netsh -Verb RunAs -WindowStyle Hidden -Wait -PassThru "
        f"-ArgumentList '{quoted}'; $p.ExitCode }} catch {{ 'refused' }}"
    )
    return ("powershell", "-NoProfile", "-Command", script)


def _plain(program: str) -> str:
    if '"' in program or "\n" in program:
        raise ValueError("not a path of Windows")
    return program
