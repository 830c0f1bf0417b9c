"""The texts of F1, by step: what a screen is for and how it is used. The keys are added from the bindings."""

HELP: dict[str, tuple[str, ...]] = {
    "platform": (
        "Choose the tool in which your system of chats will be built. Moving the highlight chooses, so you "
        "can walk through all seven and read what each does by itself, what is left to do by hand, and what "
        "it cannot do.",
        "Obsidian, Logseq, Excel and SQLite are built on this computer. Notion, Airtable and Google Sheets "
        "are built in your own account, with a token of yours.",
    ),
    "priorities": (
        "Space adds the highlighted priority to your order, or takes it out again. A number from 1 to 8 "
        "puts it at that place; Shift with an arrow (or + and -) moves it. With the mouse: click a line, or "
        "its ▲ and ▼.",
        "The order decides which views come first and what the guide explains first. One is enough; with "
        "more than four, nothing stands out.",
    ),
    "features": (
        "Space adds or removes the highlighted feature. Every feature adds fields, views or files; the line "
        "below the list says which, and the preview on a wide terminal shows them at once.",
    ),
    "team": (
        "The team size adds owners, roles and rules. The depth decides between plain choices in one table "
        "and linked tables with figures that compute themselves.",
    ),
    "review": (
        "All answers at a glance. Space on a line goes to that answer; nothing is lost on the way.",
        "“Good to know” lists what does not fit together, or what your tool cannot do, each with a reason. "
        "Where there is a suggestion, Space on it (or A) applies it.",
        "Lists such as assistants and topics are separated by commas.",
    ),
    "solution": (
        "Guide is the manual of your system. Design shows its tables, fields and views. Files are what an "
        "export writes. Plan is every delivery, with the exact content that is sent.",
        "Keys 1 to 4 change the tab, C copies what you look at, E exports everything to a folder or a zip file.",
    ),
    "setup": (
        "Choose the place. chatbuilder looks at what is there, adds the system beside it, and never "
        "overwrites what is yours. Settings files that are yours are only extended, and only when you "
        "agree.",
        "Notion, Airtable and Google Sheets need a token: Connect says where to get one, keeps it in your keyring "
        "and shows what it may do. With several accounts, choose one in the line Account.",
        "You can stop at any moment and go on later: what is done is remembered, and nothing is built twice. A "
        "step that waits says why and how long.",
    ),
    "done": (
        "Where your system is, and what to do first. What the tool lets nobody but you do is listed with its "
        "clicks: Space ticks it off, and the ticks stay.",
        "The answers stay saved: you can come back, change them, and build again; what you typed into the "
        "system is kept.",
    ),
    "welcome": (
        "Every session is saved while you work, so you can close the window at any time and come back."
        " Enter goes on with the highlighted one; Delete removes it for good, after asking.",
        "A session that is open in another window is opened as a copy, so that neither is damaged.",
    ),
}
