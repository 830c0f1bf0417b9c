"""serve/postgrest.py of the exported package, as text; @DATABASE@ stands for the address."""

SERVE = '''#!/usr/bin/env python3
"""Serves the chat database as a REST API with PostgREST, on this machine only. Needs Python 3.9 or newer.

python3 serve/postgrest.py               starts it, and prints a token for yourself
python3 serve/postgrest.py token ROLE    prints a token for a role, for the key in PGRST_JWT_SECRET

The password comes from PGPASSWORD, ~/.pgpass or a service file, as for psql; -W asks for it. It is written nowhere.
"""

import argparse
import base64
import getpass
import hashlib
import hmac
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

HERE = Path(__file__).resolve().parent
DATABASE = @DATABASE@  # or set PGRST_DB_URI
HOURS = 12
MISSING = """PostgREST is missing. It is one program, free software:
  macOS, Linux with Homebrew   brew install postgrest
  Windows                      scoop install postgrest
  Arch Linux, FreeBSD          pacman -S postgrest, pkg install hs-postgrest
  elsewhere                    the file for your system from https://github.com/PostgREST/postgrest/releases,
                               unpacked into a folder of your PATH
Then run this again."""


def database():
    """The address, without a password."""
    return os.environ.get("PGRST_DB_URI") or DATABASE


def me():
    """The user that PostgreSQL takes you for, as libpq finds it; None when only a service file knows."""
    parts = urlsplit(database())
    given = dict(parse_qsl(parts.query))
    named = given.get("user") or unquote(parts.netloc.rpartition("@")[0].partition(":")[0])
    if not named and (given.get("service") or os.environ.get("PGSERVICE")):
        return os.environ.get("PGUSER")
    return named or os.environ.get("PGUSER") or getpass.getuser()


def key():
    """The key that tokens are signed with; None without one in the environment."""
    found = os.environ.get("PGRST_JWT_SECRET")
    if found and (len(found) < 32 or found[0] in "@[{"):
        sys.exit("PGRST_JWT_SECRET must be the key itself, 32 characters or more. A good one: openssl rand -hex 32")
    return found


def signed(secret, role, hours):
    """A token (RFC 7519, HS256) with which requests are made as that role until it is over."""
    claims = {"role": role, "exp": int(time.time() + hours * 3600)}
    parts = [plain(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    return ".".join([*parts, plain(hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest())])


def plain(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def token(args):
    """Print a token."""
    secret, role = key(), args.role or me()
    if secret is None:
        sys.exit("Set PGRST_JWT_SECRET to the key that the server was started with.")
    if role is None:
        sys.exit("Say which role: python3 serve/postgrest.py token ROLE")
    print(signed(secret, role, args.hours))


def start(args):
    """Become PostgREST."""
    program = shutil.which("postgrest")
    if program is None:
        sys.exit(MISSING)
    secret = key()
    if secret is None and not sys.stdout.isatty():
        sys.exit("Set PGRST_JWT_SECRET, so that tokens can be made for this server: openssl rand -hex 32")
    # The file beside this script decides, not what else the environment holds: it must stay on this machine.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PGRST_")}
    if args.password:
        environment["PGPASSWORD"] = getpass.getpass("Password: ")
    base = f"http://127.0.0.1:{args.port}"
    print(f"PostgREST on {base}, for this machine only. Ctrl+C ends it. Every request needs a token.")
    if secret is None:
        secret, role = secrets.token_hex(32), args.role or me()
        if role is None:
            sys.exit("Say who you are in the database: python3 serve/postgrest.py --role ROLE")
        print(f"One for {role}, for {HOURS} hours; whoever has it may do here what {role} may:\\n")
        print(f"TOKEN={signed(secret, role, HOURS)}\\n")
        print(f"printf 'Authorization: Bearer %s' \\"$TOKEN\\" | curl -H @- '{base}/all_sessions?limit=5'\\n")
    environment.update(PGRST_DB_URI=database(), PGRST_JWT_SECRET=secret, PGRST_SERVER_PORT=str(args.port))
    call = [program, str(HERE / "postgrest.conf")]
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(program, call, environment)
    sys.exit(subprocess.call(call, env=environment))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=3000, choices=range(1, 65536), metavar="PORT", help="3000")
    parser.add_argument("--role", help="whose token to print at the start; you")
    parser.add_argument("-W", "--password", action="store_true", help="ask for the password")
    parser.set_defaults(run=start)
    commands = parser.add_subparsers(metavar="token")
    one = commands.add_parser("token", help="print a token for a role")
    one.add_argument("role", nargs="?", help="a person's role, or chats_reader; you")
    one.add_argument("--hours", type=float, default=HOURS, help=f"how long it is good for; {HOURS}")
    one.set_defaults(run=token)
    args = parser.parse_args()
    try:
        args.run(args)
    except (OSError, ValueError) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
'''
