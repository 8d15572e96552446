"""Our own queries, one small program for each language: what they define, import, and where they nest."""

from __future__ import annotations

import pytest

from context.analysis import analyse
from context.grammars import parse
from context.query import FILES, SECTIONS, captures

PROGRAMS = {
    "python": (
        r"""import os
class A(B):
    x = 1
    def f(self):
        self.y = 's'  # c
""",
        "A class, x field, f function, y attribute",
        "import os",
    ),
    "javascript": (
        r"""import a from 'a';
export const c = 1;
class A extends B { m() { return `x`; } } // c
function f() {}
""",
        "c variable, A class, m method, f function",
        "import a from 'a';",
    ),
    "typescript": (
        r"""import { a } from './a';
interface I { n: number; go(): void }
type T = I;
enum E { One }
class C implements I { n = 1; go(): void {} } // 's'
""",
        "I interface, n field, go method, T type, E enum, One field, C class, n field, go method",
        "import { a } from './a';",
    ),
    "typescriptreact": (
        r"""import R from 'r';
export function V(p: P) { return <b>{p.x}</b>; } // 's'
""",
        "V function",
        "import R from 'r';",
    ),
    "go": (
        r"""package p
import "fmt"
type S struct { N int }
type I interface { Go() }
func (s S) M() { fmt.Println("x") } // c
func F() {}
const C = 1
""",
        "S struct, N field, I interface, Go method, M method, F function, C variable",
        'import "fmt"',
    ),
    "rust": (
        r"""use a::b;
struct S { n: u8 }
enum E { One }
trait T { fn t(&self); }
impl T for S { fn t(&self) { "x"; } } // c
fn f() {}
""",
        "S struct, n field, E enum, One field, T trait, t function, S impl, t function, f function",
        "use a::b;",
    ),
    "java": (
        r"""import a.B;
class C extends D { int n; C() {} void m() { g("x"); } } // c
interface I { void i(); }
enum E { ONE }
""",
        "C class, n field, C method, m method, I interface, i method, E enum, ONE field",
        "import a.B;",
    ),
    "c": (
        r"""#include "a.h"
#define M 1
struct s { int n; };
enum e { ONE };
int *f(void) { return g("x"); } // c
int h(int);
""",
        "M macro, s struct, n field, e enum, ONE field, f function, h function",
        '#include "a.h"',
    ),
    "cpp": (
        r"""#include <a>
namespace n { class C : public D { int x; void m(); }; }
void C::m() { g("x"); } // c
int f() { return 1; }
""",
        "n module, C class, x field, m method, m method, f function",
        "#include <a>",
    ),
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_definitions_and_imports(language: str) -> None:
    text, defined, imported = PROGRAMS[language]
    analysis = analyse(language, text)
    assert ", ".join(f"{one.name} {one.kind}" for one in analysis.definitions) == defined
    assert [text for _, text in analysis.imports] == [imported]


@pytest.mark.parametrize("language", FILES)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_finds_something(language: str, section: str) -> None:
    text = PROGRAMS.get(language, PROGRAMS["javascript"])[0]
    tree = parse(language, text)
    assert tree is not None and captures(language, section, tree.root_node)


def test_members_know_their_owner() -> None:
    owners = {(one.name, one.owner) for one in analyse("rust", PROGRAMS["rust"][0]).definitions}
    assert {("n", "S"), ("One", "E"), ("t", "T"), ("t", "S"), ("f", "")} <= owners


def test_a_language_without_queries_is_still_cut() -> None:
    analysis = analyse("lua", "local x = 1\n")
    assert analysis.definitions == () and analysis.chunks[0].text.startswith("local x")
