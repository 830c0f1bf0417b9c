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
        "Fill with chats (F) gives each chat of your library a row in it. You can fill it again whenever you have "
        "new chats: from here, from the welcome screen, or from the menu.",
        "The answers stay saved: you can come back, change them, and build again; what you typed into the "
        "system is kept.",
    ),
    "welcome": (
        "Every session is saved while you work, so you can close the window at any time and come back."
        " Enter goes on with the highlighted one; Delete removes it for good, after asking.",
        "A session that is open in another window is opened as a copy, so that neither is damaged.",
        "Tab goes on to your systems: Enter there fills one with your chats.",
    ),
    "search": (
        "Type words: a chat is found when all of them stand in it, in its title, what you typed, what was answered, or "
        'the names of files. "In a row" needs quotes, -word leaves chats out, and begin* finds every word that '
        "begins so. Upper and lower case and accents do not matter.",
        "↓ goes to the hits, Enter reads one, C copies its link. Tab goes to the assistant: ← and → choose one.",
    ),
    "reading": (
        "One chat as it was said, on the branch that was active last. ↑ ↓, Page Up and Page Down move in it.",
        "C copies the link of the chat, or the command that resumes it; T copies everything that was said.",
    ),
    "import": (
        "Chats come from exports, which you ask the assistant's website for (a zip file, mostly), and from the logs "
        "that coding agents keep on this computer. Nothing there is ever changed.",
        "Tick the places found on this computer, or type the path of an export; Browse chooses one. Look reads it all "
        "and tells what is new, what has changed, and what each source can fill. Only Import writes, into your library "
        "on this computer.",
        "Import as often as you like, in any order: nothing comes twice. What cannot be read is listed with the "
        "reason, and stops nothing else. Stop keeps what was imported so far.",
    ),
    "fill": (
        "Each chat of your library gets a row or note in your system. First it is worked out what would be written; "
        "nothing is written before you press Fill.",
        "What is yours stays yours: status, notes, tags, renamed titles, rows that you moved or deleted. Filling again "
        "only brings new chats and new facts.",
        "With transcripts, what was said goes along; without, it stays in your library, where search finds it. Stop "
        "keeps every row written so far, and filling again goes on from there.",
        "`chatbuilder sync` does the same from a command line, or every night.",
    ),
    "chooser": (
        "Folders come first, then files, the newest on top: an export that you have just downloaded is the first one.",
        "Files that cannot be exports, and names that begin with a dot, are not shown; a path typed in the field "
        "before reaches those too.",
    ),
}
