"""What counts as secret-like text: every published format in many surroundings, and almost nothing of ordinary code."""

from __future__ import annotations

import sysconfig
from itertools import pairwise
from pathlib import Path

import pytest

from context.masking import secret_spans
from context.privacy import MASK, Gate
from context.token_shapes import SHAPES
from tests.planted import PLACES, token
from tests.processor import seconds


@pytest.mark.parametrize("place", PLACES)
def test_a_token_of_every_published_format_is_masked(place: str) -> None:
    gate = Gate()
    for number, (name, template) in enumerate(SHAPES):
        planted = token(template, number)
        sent = gate.clear(f"before()\n{PLACES[place].format(planted)}\nafter()\n")
        assert MASK in sent, f"{name} in a {place}"
        rest = planted.partition("=")[2] if template.count("Key=") else planted
        assert rest[-16:] not in sent, f"the end of a {name} in a {place}"
        assert sent.startswith("before()\n") and sent.endswith("\nafter()\n")


def test_there_are_a_hundred_formats_and_no_two_alike() -> None:
    assert len(SHAPES) >= 100
    assert len({name for name, _ in SHAPES}) == len({template for _, template in SHAPES}) == len(SHAPES)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgres://app:s3cr3tpw@db.internal:5432/x", "s3cr3tpw"),
        ("mongodb+srv://root:Tr0ub4dor@cluster0.test", "Tr0ub4dor"),
        ('password = "hunter2!"', "hunter2!"),
        ("DB_PASSWORD=hunter2long", "hunter2long"),
        ("  db_password: s3cretPhrase9", "s3cretPhrase9"),
        ('api_key = "f3b1c2d4e5a6978812345678deadbeef"', "f3b1c2d4e5a6978812345678deadbeef"),
        ("aws_secret_access_key = wJ4lrXUtnF3MI/K7MD8NG/bPxR1iCYzQ9MPLzK3Y", "wJ4lrXUtnF3MI"),
        ('HEROKU_API_KEY: "1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d"', "1a2b3c4d-5e6f"),
        ('auth = ("admin", 1); token="q8W2e9R4t7Y1u6I3o5P0"', "q8W2e9R4t7Y1u6I3o5P0"),
        ("Authorization: Basic YWRtaW46czNjcjN0cGFzcw==", "YWRtaW46czNjcjN0cGFzcw"),
        ("x = 'Zm9vYmFyQmF6MTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OT1A3'", "Zm9vYmFyQmF6MTIz"),
        ("<db:password>hunter2!</db:password>", "hunter2!"),
        ('<add key="SmtpPassword" value="hunter2!"/>', "hunter2!"),
        ("GET /feed?access_token=abc123def456&x=1", "abc123def456"),
        ("https://a1b2c3d4e5f6a7b8c9d0@git.test/x.git", "a1b2c3d4e5f6a7b8c9d0"),
        ("ENV SECRET_KEY 9f8e7d6c5b4a", "9f8e7d6c5b4a"),
        ("run --db-password hunter2x --verbose", "hunter2x"),
        ("curl -u admin:hunter2 https://api.test", "hunter2"),
        ("dsn = 'Server=db;Password=hunter2;Timeout=3'", "hunter2"),
        ("machine api.test login me password z9z9z9", "z9z9z9"),
        ("PGPASSWORD=abc123 psql -h db", "abc123"),
        ('password: Final[str] = "hunter2!9"', "hunter2!9"),
        ('let password: &str = "hunter2!9";', "hunter2!9"),
        ("mongodb://u:p4$$w0rd@db.test", "p4$$w0rd"),
        ("postgres://u:p{a}ss1@db.test", "p{a}ss1"),
        ("curl -ubob:hunter2!9 https://api.test", "hunter2!9"),
    ],
)
def test_a_value_beside_a_telling_word_is_masked(text: str, secret: str) -> None:
    assert secret not in Gate().clear(text)


@pytest.mark.parametrize(
    "token", ["ghp_" + "aBcDeFgHiJ" * 3 + "kLmNoP", "rk_live_" + "aBcDeFgHiJkL" * 2, "AKIA" + "ABCDEFGH" * 2]
)
def test_a_token_that_happens_to_have_no_digit_is_masked(token: str) -> None:
    """One in sixty keys of 24 letters and digits."""
    for text in (f"{token}\n", f"x = '{token}'\n", f"call({token})\n"):
        assert secret_spans(text) == [(text.index(token), text.index(token) + len(token))]


@pytest.mark.parametrize("before", ["\\n", "\\t", "\\r", "%3D", "%20"])
def test_a_token_right_after_an_escape_is_masked(before: str) -> None:
    planted = token("AKIA{U16}", 3)
    assert Gate().clear(f'k = "{before}{planted}"') == f'k = "{before}{MASK}"'


def test_a_letter_that_grows_when_lowered_hides_nothing() -> None:
    assert Gate().clear("# İstanbul\nPASSWORD = 'hunter2!x'\n") == f"# İstanbul\nPASSWORD = '{MASK}'\n"


@pytest.mark.parametrize(
    "text",
    [
        "PRIVATE KEY\n" + ("+" * 40 + "\n"),
        "A" * 19 + "\n",
        "-----END PRIVATE KEY-----\n" + "A" * 64 + "\n",
        "auth",
        "auth-",
        "a-",
        "a://",
        "-----BEGIN PRIVATE KEY-----",
        '"' + "A" * 60 + "+\n",
        "<password ",
        "password=" + " " * 900,
        "passw 1 ",
        "password='" + "A" * 50,
    ],
)
def test_no_text_costs_more_than_its_length(text: str) -> None:
    """Four times the text may cost some eight times as much and no more: an exponential or quadratic search would show."""

    def cost(length: int) -> float:
        hostile = "PRIVATE KEY ://\n" + text * (length // len(text)) + "123!"
        return seconds(lambda: secret_spans(hostile))

    assert cost(16_000) < 8 * cost(4_000) + 0.05


@pytest.mark.parametrize(
    "text",
    [
        "password = get_password(user, 12)",
        "token = self.tokens[position + 1]",
        'parser.add_argument("--api-key", help="the key to use")',
        "sha256:3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
        "commit = 'fcf1d003bf4f0100c9d0921ff3d70e1127ca1b71'",
        "def test_http2_connection_is_reused_after_304_response_with_etag(): ...",
        "class PBESv1SHA1And3KeyTripleDESCBCParameters: ...",
        'password: str = field(default="", repr=False)',
        'API_KEY = os.environ["MISTRAL_API_KEY"]',
        "secret = settings.auth.secret_v2",
        "https://github.com/python/cpython/blob/main/Lib/platform.py#L175",
        'password = "<your password here 1>"',
        "<password type='text' minlength='12'/>",
        "fetch(`/feed?access_token=${token2}`)",
        "open --password=$PASSWORD1 --user $USER1",
        "https://user@host.test/path1",
        "postgres://app:${DB_PASSWORD}@db:5432/x",
        "postgres://app:{password}@db:5432/x",
        "postgres://app:$DB_PASSWORD@db/x",
        "def sign_in(token: str, retries: int = 3): ...",
        "def login(user, password=None, retries=3): ...",
        "x" * 100,
    ],
)
def test_ordinary_code_passes_unchanged(text: str) -> None:
    assert Gate().clear(text) == text


PEM = "\n".join(
    ["-----BEGIN RSA PRIVATE KEY-----", *[token("{B64}", n) for n in range(12)], "-----END RSA PRIVATE KEY-----"]
)


@pytest.mark.parametrize("lines", [slice(None), slice(0, 8), slice(4, None), slice(3, 9)])
def test_a_private_key_is_masked_also_where_a_window_cuts_it(lines: slice) -> None:
    part = "\n".join(PEM.split("\n")[lines])
    sent = Gate().clear(f"key = '''\n{part}\n'''\nreturn key\n")
    assert not any(token("{B64}", n) in sent for n in range(12))
    assert sent.startswith("key = '''\n") and sent.endswith("return key\n")


def test_a_secret_that_the_cursor_splits_is_masked_whole() -> None:
    planted = token("ghp_{A36}", 1)
    before, after = Gate().clear_around(f'x = "{planted[:11]}', f'{planted[11:]}"\n')
    assert (before, after) == (f'x = "{MASK}', '"\n')


def test_spans_are_in_order_and_apart() -> None:
    text = f'a = "{token("AKIA{U16}", 1)}" ; password="{token("ghp_{A36}", 2)}"\n'
    spans = secret_spans(text)
    assert spans == sorted(spans) and all(a[1] < b[0] for a, b in pairwise(spans)) and len(spans) == 2


def test_at_most_one_ordinary_line_in_a_thousand_is_altered() -> None:
    lines = altered = 0
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))[:120]:
        text = path.read_text("utf-8", "replace")
        lines += text.count("\n")
        altered += len(secret_spans(text))
    assert lines > 20_000 and altered / lines < 0.001
