"""The words of help beyond options: examples of each command, files, environment, exit codes."""

from __future__ import annotations

DATE = "2026-11-23"  # of these words, for the manual page
ABOUT = """\
chatbuilder asks eight screens of questions, designs a home for your AI chats in a tool that you already use (Notion, \
Airtable, Google Sheets, Excel, Obsidian, Logseq or your own database), shows every part of it, and builds it. Then it \
fills it with your real chats and keeps it up to date, without touching what you typed there.

Without a command it opens the wizard in the terminal. The commands do the same without it, for scripts: what is \
chosen stands in an answers file, which the wizard writes and you may write yourself. A command that is interrupted in \
any way goes on from there when you run it again; nothing is made twice. Results go to standard output, progress and \
messages to standard error; with --json a result is one JSON document."""

Example = tuple[str, str]
EXAMPLES: dict[str, tuple[Example, ...]] = {
    "": (
        ("chatbuilder", "open the wizard"),
        ("chatbuilder apply --answers answers.toml", "build the system that the answers ask for"),
        ("chatbuilder import chatgpt-export.zip", "bring a chat export into the library"),
        ("chatbuilder import --discover", "find the logs of coding agents here, and import them"),
        ("chatbuilder sync obsidian", "bring the library into the system whose id begins so"),
        ("chatbuilder search 'apple -pie'", "find the chats that have one word and not the other"),
        ("chatbuilder doctor", "see what is missing, and what to do about it"),
    ),
    "answers check": (("chatbuilder answers check answers.toml", "every problem at once"),),
    "answers share": (("chatbuilder answers share answers.toml", "a token that --answers takes in place of a file"),),
    "build": (
        ("chatbuilder build --answers answers.toml --out package", "guide, schema, files and plan in a folder"),
        ("chatbuilder build --answers answers.toml --out . --zip", "the same in one zip"),
    ),
    "show": (("chatbuilder show --answers answers.toml files", "the files that would be written"),),
    "plan": (("chatbuilder plan --answers answers.toml --json", "every step with what would be sent"),),
    "apply": (
        ("chatbuilder apply --answers answers.toml", "build it, after a question"),
        ("chatbuilder apply --answers answers.toml --yes --json", "in a script"),
        ("chatbuilder apply --answers other.toml --tidy", "bring it to other answers, and tidy up"),
    ),
    "verify": (("chatbuilder verify notion", "what was changed or deleted there"),),
    "sync": (
        ("chatbuilder sync notion --dry-run", "how many rows, calls and minutes it would take"),
        ("chatbuilder sync notion --transcripts", "what was said goes along"),
    ),
    "move": (
        ("chatbuilder move notion --platform obsidian --target path=~/Vaults/Chats", "the same chats in a vault"),
    ),
    "import": (
        ("chatbuilder import --dry-run ~/Downloads/export.zip", "what is in it, without writing anything"),
        ("chatbuilder import ~/Downloads", "every export in a folder"),
        ("chatbuilder import --problems", "what earlier imports could not read"),
    ),
    "chats": (
        ("chatbuilder chats --assistant Claude --after 2026-10", "Claude's chats since October"),
        ("chatbuilder chats --csv chats.csv", "the list for a spreadsheet"),
    ),
    "search": (
        ("chatbuilder search apple pie", "both words, anywhere in a chat"),
        ("chatbuilder search '\"apple pie\"'", "in a row"),
        ("chatbuilder search 'appl*'", "words that begin so"),
    ),
    "stats": (("chatbuilder stats --after 2026", "this year's figures"),),
    "token set": (
        ("chatbuilder token set notion", "type it at a prompt that shows nothing"),
        ("chatbuilder token set airtable --account work", "a second account"),
        ("chatbuilder token set sheets --file client_secret.json", "agree in the browser"),
    ),
    "token check": (("chatbuilder token check notion --answers answers.toml", "at the target of these answers, too"),),
    "serve": (("chatbuilder serve --port 9000", "prints the address to open"),),
    "jobs": (("chatbuilder jobs --system notion --since 2026-11", "this month's, of one system"),),
    "jobs show": (("chatbuilder jobs show job-20261123-4f2a1c", "what went wrong, and what to do next"),),
    "log": (("chatbuilder log --since 2026-11-22", "since yesterday"),),
    "doctor": (("chatbuilder doctor --online", "ask each vendor whether your tokens are still good"),),
    "completion": (
        ('eval "$(chatbuilder completion bash)"', "in ~/.bashrc; for zsh in ~/.zshrc"),
        ("chatbuilder completion fish > ~/.config/fish/completions/chatbuilder.fish", "for fish, once"),
    ),
    "help": (("chatbuilder help token set", "one command"), ("chatbuilder help --man | man -l -", "as a manual page")),
}

FILES: tuple[Example, ...] = (
    ("data/library.db", "your chats, the systems that exist, and how they were built (SQLite); back this file up"),
    ("state/drafts/", "saved wizard sessions"),
    ("state/usage.json", "how many calls each vendor was sent, and how they went"),
    ("logs/audit.jsonl", "what was done and when: `chatbuilder log` shows it"),
    ("logs/crash.log", "where the program failed, without your data"),
    ("config/accounts.json", "the names of your accounts; tokens are in the system's keyring only"),
)
PLACES = """\
All of them are private to you. The folders are those of the system for data, state, logs and configuration, on Linux \
below ~/.local and ~/.config; `chatbuilder doctor` prints where. CHATBUILDER_HOME puts all of them under one folder."""

ENVIRONMENT: tuple[Example, ...] = (
    ("CHATBUILDER_HOME", "keep configuration, state, data, cache and logs under this one folder"),
    ("NO_COLOR", "no colours"),
    ("NOTION_TOKEN, AIRTABLE_TOKEN", "the token, where there is none in the keyring"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "the JSON file of a service account or an authorised user"),
    ("PGPASSWORD, PGPASSFILE, PGSERVICEFILE, PGHOST, PGUSER", "what PostgreSQL's own programs take from them"),
    (
        "CHATBUILDER_NOTION_URL, CHATBUILDER_AIRTABLE_URL, CHATBUILDER_GOOGLE_URL",
        "another address for the vendor's API: https, or plain http to this machine itself",
    ),
)

EXIT_CODES: tuple[Example, ...] = (
    ("0", "done"),
    ("1", "a defect of ours; a report without your data is in the log folder"),
    ("2", "the command was called wrongly, or needs a terminal"),
    ("3", "invalid answers or input; nothing was changed"),
    ("4", "a token is missing, refused, or may not do what is needed"),
    ("5", "the platform refused, or cannot be reached"),
    ("6", "partly done: run it again"),
    ("130", "stopped by you; everything done so far is kept"),
)


def examples(command: str) -> str:
    """Return the examples of a command (`token set`; "" for all of it) as lines for the end of its help."""
    lines = [f"  {line}\n      {about}" for line, about in EXAMPLES.get(command, ())]
    return "\n".join(["examples:", *lines]) if lines else ""


def table(rows: tuple[Example, ...], width: int) -> str:
    """Return names and what they mean as lines."""
    return "\n".join(f"  {name:<{width}}  {about}" for name, about in rows)
