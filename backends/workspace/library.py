"""All that the model has read: open documents, the index, and which files are near which. Hands out a `Model` per cursor."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from backends.workspace.counts import END
from backends.workspace.decode import REMEMBERED, Start, brackets_of
from backends.workspace.document import Document
from backends.workspace.evidence import Scope
from backends.workspace.index import Index
from backends.workspace.learnable import without_secrets
from backends.workspace.lexer import FILE, OUT3, SAME, Lexer, dialect_of, indent_step, quote_left_open, width
from backends.workspace.model import Model, Repository
from backends.workspace.near import Paths
from backends.workspace.offers import Cursor
from backends.workspace.shelf import Piece, Shelf, Stretch
from backends.workspace.trees import Trees
from backends.workspace.usage import usage_of
from backends.workspace.vocabulary import NO_WORDS, Kind, Vocabulary
from context.privacy import Gate

MOST_OPEN = 24
"""Documents kept; the one used longest ago goes first."""
NEAR_TOKENS = 120_000
"""Tokens of files near the cursor that are searched whole for every question."""
LOOKED_BACK = 400
"""Tokens before the cursor in which open brackets are looked for."""
USED = 8_000
"""Tokens before the cursor whose last use is known."""
RECENT_TOKENS = 120
"""Words among so many tokens before the cursor, and half as many after it, are candidates anywhere."""
LONGEST_REST = 24
"""Tokens after the cursor on its line that are known."""
AHEAD = 400
"""Tokens after the cursor whose next use is known."""


@dataclass(slots=True)
class _Open:
    """An open document: its language, its newest text, and its tokens once they were needed; `unread` while the newest
    text was not looked at."""

    language: str
    first: str
    text: str
    document: Document | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor as the model needs it: `path` as privacy shows it, the text on both sides."""

    path: str
    language: str
    prefix: str
    suffix: str


class Library:
    def __init__(self, gate: Gate, judge: Trees | None = None, without: frozenset[str] = frozenset()) -> None:
        self._gate, self._judge = gate, judge
        self._without = tuple(scope for scope in Scope if scope.name.lower() in without)
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._index: Index | None = None
        self._paths = Paths(())
        self._forgotten: set[str] = set()
        self._vocabulary = Vocabulary(NO_WORDS)
        self._lexers: dict[str, Lexer] = {}
        self._near = self._nothing_near()
        self._model: tuple[tuple[object, ...], Model | None] = ((), None)

    @property
    def index(self) -> Index | None:
        return self._index

    def adopt(self, index: Index) -> None:
        """A new index: its words have other ids, so open documents are lexed again when they are next needed."""
        self._index = index
        self._paths = Paths(index.paths)
        self._forgotten.clear()
        self._vocabulary = Vocabulary(index.words)
        self._lexers.clear()
        self._near = self._nothing_near()
        self._model = ((), None)
        for opened in self._open.values():
            opened.first, opened.document = opened.text, None

    def observe(self, path: str, language: str, text: str) -> None:
        opened = self._open.get(path)
        if opened is None:
            self._open[path] = _Open(language, text, text)
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        else:
            if opened.unread:  # Two changes in a row are two places that were edited, not all between them.
                self._document(opened).update(opened.text)
            opened.text, opened.unread = text, True
        self._open.move_to_end(path)
        self._forgotten.discard(path)

    def forget(self, path: str) -> None:
        self._open.pop(path, None)
        self._forgotten.add(path)
        self._near = self._nothing_near()

    def at(self, place: Place) -> Cursor | None:
        """The model of this moment and where to begin; None where nothing is to be said: in a comment, in prose."""
        whole = self._whole(place)
        prefix, suffix = whole.prefix, whole.suffix
        lexer = self._lexer(place.language)
        line_start = max(prefix.rfind("\n"), prefix.rfind("\r")) + 1
        line = prefix[line_start:]
        rest = re.split(r"[\r\n]", suffix, maxsplit=1)[0]
        pieces = lexer.dialect.pattern.findall(line)
        started = ""
        if pieces:
            last: str = pieces[-1]
            if lexer.dialect.comments and last.startswith(lexer.dialect.comments):
                return None
            if last[0].isalnum() or last[0] in "_$@'\"`":
                if not quote_left_open(last) and last[-1] in "\"'`":
                    started = ""
                elif last.startswith(('"""', "'''")):
                    return None
                else:
                    started = last
        without_line = prefix[:line_start] + suffix[len(rest) :]
        opened = self._open.get(place.path)
        if opened is None:
            opened = self._open[place.path] = _Open(place.language, without_line, without_line)
        self._open.move_to_end(place.path)
        document = self._document(opened)
        document.update(without_line)
        opened.unread = False
        if document.opaque_at(line_start):
            return None
        border = document.around(line_start)
        end = border
        if (
            end and SAME <= document.tokens[end - 1] <= OUT3
        ):  # The step to the line after the cursor's is not before it.
            end -= 1
        context = document.tokens[max(0, end - LOOKED_BACK) : end].tolist()
        lexed = lexer.lex(line[: len(line) - len(started)])
        own = lexed.tokens.tolist()
        opened_before = brackets_of([self._vocabulary.text(token) for token in (*context, *own)])
        if context:
            indent = width(line[: len(line) - len(line.lstrip(" \t"))])
            context.append(indent_step(document.column_at(end), indent, lexer.dialect.unit))
        context.extend(own)
        after = lexer.lex(rest.lstrip()).tokens if rest.strip() else ()
        start = Start(
            tuple(context[-REMEMBERED:]) or (FILE,),
            tuple(own),
            started,
            not line or line[-1].isspace(),
            opened_before,
            tuple(after)[:LONGEST_REST],
            lexer.dialect.name == "python",
            bool(lexed.space and lexed.space[-1]),
        )
        return Cursor(self._model_at(place.path, place.language, document, end, border), start, prefix, suffix)

    def _whole(self, place: Place) -> Place:
        """The place in the whole observed text, where the request shows only a window of it."""
        opened = self._open.get(place.path)
        if opened is None or len(place.prefix) + len(place.suffix) >= len(opened.text):
            return place
        mark = place.prefix[-400:] + place.suffix[:400]
        found = opened.text.find(mark)
        if found < 0:
            return place
        cut = found + len(place.prefix[-400:])
        return Place(place.path, place.language, opened.text[:cut], opened.text[cut:])

    def _model_at(self, path: str, language: str, document: Document, end: int, border: int) -> Model:
        """`end` and `border` are the numbers of tokens before the cursor's line, without and with the line end just before it."""
        near_key = (path, self._index, tuple(self._open)[-8:], len(self._forgotten))
        if self._near[0] != near_key:
            self._near = (near_key, *self._files_near(path, document.text))
        key = (near_key, document.revision, border)
        if self._model[0] == key and self._model[1] is not None:
            return self._model[1]
        repository = None
        if self._index is not None:
            repository = Repository(self._index, self._hidden())
        usage = usage_of(
            document.tokens[max(0, end - USED) : end],
            document.tokens[border : border + AHEAD],
            dialect_of(language).number,
        )
        near = np.unique(document.tokens[max(0, border - RECENT_TOKENS) : border + RECENT_TOKENS // 2])
        recent = np.array(
            [t for t in near.tolist() if self._vocabulary.kind(t) in (Kind.NAME, Kind.STRING, Kind.NUMBER)], np.int32
        )
        model = Model(
            self._vocabulary,
            self._shelf(document, end, border, path),
            repository,
            self._first_token(document, border),
            usage,
            recent,
            self._judge,
            self._without,
        )
        self._model = (key, model)
        return model

    def _shelf(self, document: Document, end: int, border: int, path: str) -> Shelf:
        """What is near, then the file after the cursor, then the file before it: a search that must choose takes the last."""
        _, near, files = self._near
        pieces = [_piece(document, border, None, Scope.FILE), _piece(document, 0, end, Scope.FILE)]
        own = Stretch(pieces, self._vocabulary, shift=len(near), end=Scope.FRESH)
        return Shelf(near, own, (*files, (len(near), path)), len(near) + len(pieces[0].tokens))

    def _nothing_near(self) -> tuple[tuple[object, ...], Stretch, tuple[tuple[int, str], ...]]:
        return (), Stretch((), self._vocabulary, shift=0, end=Scope.FILE), ()

    def _hidden(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        assert self._index is not None
        hidden = np.zeros(len(self._index.paths) + 1, np.bool_)
        for path in (*self._open, *self._forgotten):
            number = self._index.number_of.get(path)
            if number is not None:
                hidden[number] = True
        return hidden

    def _files_near(self, path: str, text: str) -> tuple[Stretch, tuple[tuple[int, str], ...]]:
        """Open documents, then what is imported, the tested or testing file, and the folder; the best of them last, where
        a search that must choose looks first. Also at which token each begins."""
        found: list[tuple[str, Piece]] = []
        room = NEAR_TOKENS
        for other in [name for name in reversed(self._open) if name != path][:8]:
            opened = self._open[other]
            document = self._document(opened)
            document.update(opened.text)
            piece = _piece(document, 0, room - 1, Scope.NEAR)
            found.append((other, piece))
            room -= len(piece.tokens)
            if room <= 0:
                break
        index = self._index
        for number in self._paths.near(path, text) if index is not None and room > 0 else ():
            assert index is not None
            name = index.paths[number]
            if name == path or name in self._open or name in self._forgotten:
                continue
            low, high = index.span(number)
            high = min(high, low + room)
            scope = np.full(high - low, Scope.NEAR, np.uint8)
            found.append((name, Piece(index.tokens[low:high], index.space[low:high], scope)))
            room -= high - low
            if room <= 0:
                break
        found.reverse()
        files, first = [], 0
        for name, piece in found:
            files.append((first, name))
            first += len(piece.tokens)
        pieces = [piece for _, piece in found]
        return Stretch(pieces, self._vocabulary, shift=0, end=Scope.FILE), tuple(files)

    def _first_token(self, document: Document, border: int) -> int:
        for token in document.tokens[border : border + 3].tolist():
            if not END <= token < END + 5:
                return int(token)
        return -1

    def _document(self, opened: _Open) -> Document:
        if opened.document is None:
            opened.document = Document(opened.first, self._lexer(opened.language), self._mask)
        return opened.document

    def _lexer(self, language: str) -> Lexer:
        dialect = dialect_of(language)
        return self._lexers.setdefault(dialect.name, Lexer(dialect, self._vocabulary.intern))

    def _mask(self, text: str) -> str:
        return without_secrets(text, self._gate)


def _piece(document: Document, first: int, last: int | None, scope: Scope) -> Piece:
    """Tokens of an open document after a `FILE`; what was not typed in this session is in `scope`."""
    cut = slice(first, last)
    scopes = np.where(document.fresh[cut], np.uint8(Scope.FRESH), np.uint8(scope))
    return Piece(
        np.concatenate(([np.int32(FILE)], document.tokens[cut])),
        np.concatenate(([np.uint8(0)], document.space[cut])),
        np.concatenate(([np.uint8(scope)], scopes)),
    )
