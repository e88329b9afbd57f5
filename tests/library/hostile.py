"""Names of files that must never be written, and some that may."""

LONG = "a" * 201 + ".gguf"
HOSTILE: tuple[str, ...] = (
    # out of the folder
    "..", ".", "...", "../a.gguf", "../../a.gguf", "a/../b.gguf", "a/../../b.gguf", "a/..", "./a.gguf",
    "a/./b.gguf", "..../a.gguf", "a/.../b.gguf", "../../../../../../etc/passwd", "sub/../../a.gguf",
    "....//a.gguf", "..;/a.gguf", ".. /a.gguf", ". ./a.gguf", "../", "a/", "/", "//", "///a", "a//b.gguf",
    # absolute
    "/a.gguf", "/etc/passwd", "/etc/cron.d/x", "//server/share/a.gguf", "///etc/passwd", "/dev/null",
    "/proc/self/environ", "file:///etc/passwd", "http://evil.example/a.gguf",
    # Windows' own paths
    "C:\\a.gguf", "C:/a.gguf", "C:a.gguf", "c:", "\\a.gguf", "\\\\server\\share\\a.gguf", "..\\a.gguf",
    "..\\..\\a.gguf", "a\\..\\..\\b.gguf", "a\\b.gguf", "sub\\a.gguf", ".\\a.gguf", "\\\\?\\C:\\a.gguf",
    "\\\\.\\PhysicalDrive0", "//./PhysicalDrive0", "//?/C:/a.gguf", "\\??\\C:\\a.gguf", "a/..\\b.gguf",
    "plugins\\manifest.json", "..\\/a.gguf", "Z:", "\\", "a\\",
    # devices
    "CON", "con", "PRN", "AUX", "NUL", "nul.gguf", "NUL.tar.gz", "aux.gguf", "CON.gguf", "prn.txt", "COM1",
    "com1.gguf", "COM9.x", "LPT1", "lpt9.gguf", "COM0", "LPT0.gguf", "COM¹", "COM².gguf", "LPT³.gguf",
    "CONIN$", "CONOUT$", "conin$.gguf", "CLOCK$", "sub/NUL.gguf", "CON/a.gguf", "nul/a.gguf", "Aux .gguf",
    "NUL .gguf",
    # ends that Windows drops
    "a.gguf.", "a.gguf..", "a.gguf ", "a.gguf. ", "a. ", "a /b.gguf", "a./b.gguf", "sub./a.gguf", "a.gguf...",
    " a.gguf", "  ", " ",
    # invisible and control characters
    "a\x00.gguf", "\x00", "a.gguf\x00.txt", "a\n.gguf", "a\r\n.gguf", "\ta.gguf", "a\x1b[2J.gguf",
    "a\x7f.gguf", "a\x85.gguf", "a\u202egguf.exe", "a\u202d.gguf", "\u200fa.gguf", "a\u200e.gguf",
    "a\u200b.gguf", "a\u200c.gguf", "a\u200d.gguf", "\ufeffa.gguf", "a\u2060.gguf", "a\u2066b\u2069.gguf",
    "a\u2028.gguf", "a\u2029.gguf", "a\xad.gguf", "a\U000e0041.gguf", "a\ue000.gguf", "a\ufffe.gguf",
    "a\ud800.gguf", "a\udcff.gguf", "a\xa0.gguf", "a\u3000.gguf", "a\u2007.gguf", "a\u061c.gguf", "a\x08.gguf",
    # other names in disguise
    "．．/a.gguf", "a／b.gguf", "．．／a.gguf", "a＼b.gguf", "ＣＯＮ", "ＮＵＬ.gguf", "a：b.gguf",
    "‥/a.gguf", "…/a.gguf", "a․gguf", "ﬁle.gguf", "ａ.gguf", "①.gguf", "a⁄b.gguf".replace("⁄", "℀"),
    "a\u2024gguf", "ℂON.gguf",
    # encodings
    "%2e%2e/a.gguf", "%2e%2e%2fa.gguf", "..%2fa.gguf", "..%5ca.gguf", "a%00.gguf", "%2fetc%2fpasswd",
    "%252e%252e%252fa.gguf", "a%2Fb.gguf", "%c0%ae%c0%ae/a.gguf", "%5c%5cserver", "a%3Ab", "%20a.gguf",
    # streams and other meanings
    "a:b", "a.gguf:stream", "a.gguf::$DATA", ":a", "a:", "sub:x/a.gguf", "a.gguf:$DATA", "x::", "a*.gguf",
    "a?.gguf", 'a".gguf', "a<b.gguf", "a>b.gguf", "a|b.gguf", "*", "?",
    # taken by the system, a shell or us
    "~", "~/a.gguf", "~root/a.gguf", "-a.gguf", "--help", "-rf", "-", "a/-b.gguf", "-/a.gguf", ".gguf",
    ".hidden.gguf", ".glmdesk.json", ".download", ".download/a.gguf", ".git/config", ".git/hooks/x", ".bashrc",
    ".ssh/authorized_keys", "sub/.x", "._a.gguf", ".DS_Store", "a/~b",
    # empty or too long
    "", LONG, "ä" * 120, "sub/" + LONG, "a/" * 600 + "b.gguf", "a" * 5000, "漢" * 80,
)  # fmt: skip
HARMLESS = (
    "a.gguf", "GLM-4.6V-Flash-Q4_K_M.gguf", "sub/GLM-4.5-Air-Q4_K_M-00001-of-00002.gguf", "a b.gguf",
    "README.md", "a..b.gguf", "console.gguf", "nullable.gguf", "com10.gguf", "模型.gguf", "é.gguf",
    "a+b(1).gguf", "a,b=c.gguf", "a_b@c#d!.gguf", "50%.gguf", "$a.gguf", "a" * 190 + ".gguf", "'a'.gguf",
    "con-1.gguf", "COM.gguf", "sub.dir/a.gguf", "{a}[b].gguf", "a&b;c.gguf",
)  # fmt: skip
COLLISIONS = (
    ("A.gguf", "a.gguf"), ("sub/a.gguf", "a.gguf"), ("x/a.gguf", "y/A.GGUF"), ("é.gguf", "e\u0301.gguf"),
    ("straße.gguf", "STRASSE.gguf"), ("É.gguf", "e\u0301.gguf"), ("ς.gguf", "σ.gguf"),
)  # fmt: skip
