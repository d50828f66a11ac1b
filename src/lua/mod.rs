//! Scripts in Lua as Envoy reads them: the grammar of LuaJIT with the additions of Lua 5.2.
//!
//! Envoy runs a script once while it loads the configuration, and refuses all of it where that fails. So every script is read
//! here first ([manual](https://www.lua.org/manual/5.1/manual.html#8), [additions](https://luajit.org/extensions.html), measured
//! against Envoy 1.40): what it does outside of functions has to be what cannot fail. One that reaches beyond requests is
//! refused as well: manifests may come from anywhere, and are tried on the machines of people.

mod flaw;
mod functions;
mod lexer;
mod parser;

pub(crate) use flaw::Flaw;

/// Finds what keeps Envoy from loading a script.
pub(crate) fn flaw(script: &str) -> Option<Flaw> {
    control(script).or_else(|| parser::parse(script).err())
}

/// Finds a character that is none of a text: Envoy reads a script up to the first NUL.
fn control(script: &str) -> Option<Flaw> {
    let is_control = |found: char| found.is_ascii_control() && !matches!(found, '\t' | '\n' | '\r');
    let (before, rest) = script.split_at(script.find(is_control)?);
    let found = rest.chars().next()?.escape_unicode();
    Some(Flaw { line: before.matches('\n').count() + 1, message: format!("`{found}` is no character of a script") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scripts that Envoy 1.40 loads.
    const LOADED: &[&str] = &[
        "",
        ";",
        "-- nothing",
        "--[==[ a ]] b ]==]",
        "#!/bin/lua\nx = 1",
        "x = 1;;y = 2",
        "function envoy_on_request(h) h:respond({[\":status\"] = \"403\"}, 'no') end",
        "function envoy_on_response(h) h:headers():add(\"a\", \"b\") end",
        "function f() while true do break x = 1 end end",
        "function f() local g = print\ng\n('a') end",
        "function f() (f).x = 1; (\"a\"):f() end",
        "function f() return ({}).a, #a .. -b ^ -c, not not a, 1 == 2 ~= 3 <= 4 end",
        "function f() for i = 1, 2 do end for i = 1, 2, 3 do end for a, b in pairs({}) do end end",
        "function f() repeat local a until a if a then elseif b then else end do return end x = 1 end",
        "function f() a.b:c \"x\" a.b:c {1} a.b.c[1].d = f 'x' {1} [[y]] end",
        "local function f(a, b, ...) return ... end",
        "x = {1, 2; 3, [1] = 2, ['b'] = 3, a = b,}",
        "x = [==[a]=]b]==] y = \"\\u{41}\\x41\\z  b\\065\\\\\\n\"",
        "x = 'a\\\nb'",
        "x = 3i y = 0b11 z = 0x1.8 a = 1LL b = 5ULL c = 0x1p4 d = 08 e = .5 f = -1 g = 1e+5",
        "x, y = 1",
        "x = function() end return 3",
        "local M = {} function M.f() end function M:g() return self end M.h = function() end M['i'] = 1 return M",
        "if a then x = 1 elseif b then x = 2 else x = nil end do local y = x and a or b end",
        "x = ...",
        "\u{feff}x = 1",
        "-- a\r\nx = 1\r\n",
        "x = '\\u{fffff}' y = 1e9999 z = 0xffffffffffffffffLL",
    ];

    /// Scripts that it does not.
    const REFUSED: &[&str] = &[
        "function f(h) h:respond({[\"a\"] = \"b\" end",
        "break",
        "function f() return ... end",
        "f(1) = 2",
        "(f) = 1",
        "x",
        "return 1 x = 2",
        "return return",
        "\"a\":f()",
        "local x <const> = 1",
        "x = 5 // 2",
        "x = 5 & 2",
        "x = \"\\q\"",
        "x = \"\\300\"",
        "x = \"\\xZZ\"",
        "x = 1e",
        "x = 0x",
        "x = 1..2",
        "x = 1.5LL",
        "x = \"a\nb\"",
        "x = {,}",
        "for i = 1 do end",
        "for i = 1, 2, 3, 4 do end",
        "local function f(..., a) end",
        "function a:b.c() end",
        "function f() a.b:c end",
        "local a.b = 1",
        "x, f() = 1, 2",
        "if a then else elseif b then end",
        "x = a.1",
        "--[==[ unclosed",
        "x = [[ unclosed",
        "x = \"unclosed",
        "x = [=a",
        "local x, function",
        "x = a != b",
        "x += 1",
        "x = (1",
        "continue",
        "x = nil.a",
        "x = {}.a",
        "end",
        "goto = 1",
        "x = @",
        "x = 1 = 2",
        "\u{feff}nil = 1",
        "-- a\rbreak",
        "#a\rbreak",
        "x = 'a\0b'",
        "x = '\\u{d800}'",
        "x = 1e9999999",
        "x = 0x1ffffffffffffffffLL",
        "x = 0b11111111111111111111111111111111111111111111111111111111111111111",
    ];

    /// Scripts of which only a run tells: Envoy runs this while it loads them.
    const RUN: &[&str] = &[
        "x = nil + 1",
        "error('boom')",
        "x = a.b",
        "while true do end",
        "repeat local a until a",
        "for i = 1, 2 do end",
        "x = #a",
        "x = -'a'",
        "x = {[y] = 1}",
        "function a.b() end",
        "local M = {} M = nil function M.f() end",
        "local M = {} do local M = nil function M.f() end end",
        "x = 'a' .. b",
        "goto done ::done::",
        "function f() goto done ::done:: end",
    ];

    /// Scripts that reach beyond requests.
    const REACHING: &[&str] = &[
        "function f() os.execute('a') end",
        "function f() os['execute']('a') end",
        "function f() local o = os o.execute('a') end",
        "function f() io.open('a') end",
        "function f() return _G end",
        "function f() require 'ffi' end",
        "function f() loadstring('a')() end",
        "local names = {io = io}",
        "os = nil",
    ];

    #[test]
    fn scripts_reach_requests_and_the_time_alone() {
        for script in REACHING {
            assert!(flaw(script).is_some(), "{script}");
        }
        for script in ["function f() return os.time() end", "function f(h) h.io:load() end"] {
            assert_eq!(flaw(script), None, "{script}");
        }
    }

    #[test]
    fn what_envoy_loads_is_loaded() {
        for script in LOADED {
            assert_eq!(flaw(script), None, "{script}");
        }
    }

    #[test]
    fn what_envoy_does_not_load_is_refused() {
        for script in REFUSED.iter().chain(RUN) {
            assert!(flaw(script).is_some(), "{script}");
        }
    }

    #[test]
    fn very_deep_scripts_are_refused() {
        for (open, close) in [("(", ")"), ("{", "}"), ("not ", ""), ("function() return ", " end"), ("a^", "")] {
            let script = format!("x = {}1{}", open.repeat(100_000), close.repeat(100_000));
            assert!(flaw(&script).is_some(), "{open}");
        }
        let script = "do ".repeat(100_000);
        assert!(flaw(&script).is_some());
    }

    /// `begin`, `count` times `part`, and `end`.
    fn many(begin: &str, part: &str, count: usize, end: &str) -> String {
        format!("{begin}{}{end}", part.repeat(count))
    }

    /// `count` variables, and a function that names them all.
    fn shared(count: usize) -> String {
        let all = |part: fn(usize) -> String| (0..count).map(part).collect::<String>();
        let (outer, inner) = (all(|index| format!("local v{index} ")), all(|index| format!("v{index} = 1 ")));
        format!("{outer} function f() return function() {inner} end end")
    }

    /// What is limited, a script with so much of it, how much is taken, and how much is not.
    type Limit<'l> = (&'l str, &'l dyn Fn(usize) -> String, usize, usize);

    #[test]
    fn functions_hold_what_luajit_takes() {
        let nested = |count| format!("function f() {} end", many("", "for i = 1, 2 do ", count, &"end ".repeat(count)));
        let limits: [Limit<'_>; 9] = [
            ("shared variables", &shared, 60, 61),
            ("parameters", &|count| many("function f(a", ", a", count, ") end"), 179, 201),
            ("variables", &|count| many("function f() ", "local a ", count, "end"), 180, 201),
            ("variables in turn", &|count| many("function f() ", "do local a end ", count, "end"), 2000, 20_000),
            ("arguments", &|count| many("function f() g(1", ", 1", count, ") end"), 170, 254),
            ("values that are returned", &|count| many("function f() return 1", ", 1", count, " end"), 170, 299),
            ("what is assigned to", &|count| many("function f() a", ", a", count, " = 1 end"), 80, 200),
            ("loops in loops", &nested, 44, 60),
            ("comparisons", &|count| many("function f() while a do x = a", "<b", count, " end end"), 4900, 5600),
        ];
        for (what, script, taken, refused) in limits {
            assert_eq!(flaw(&script(taken)), None, "{what}");
            assert!(flaw(&script(refused)).is_some(), "{what}");
        }
    }

    #[test]
    fn variables_are_known_where_they_count() {
        let names = (0..61).map(|index| format!("local v{index} ")).collect::<String>();
        let use_all =
            |part: fn(usize) -> String| format!("{names} function f() {} end", (0..61).map(part).collect::<String>());
        // Those of a loop and of a declaration are not known to what they begin with, and are to what ends it.
        assert!(flaw(&use_all(|index| format!("for v{index} = v{index}, 1 do end "))).is_some());
        assert!(flaw(&use_all(|index| format!("do local v{index} = v{index} end "))).is_some());
        assert!(flaw(&use_all(|index| format!("function v{index}() end "))).is_some());
        assert_eq!(flaw(&use_all(|index| format!("repeat local v{index} until v{index} "))), None);
        assert_eq!(flaw(&use_all(|index| format!("do local v{index} v{index} = 1 end "))), None);
    }

    #[test]
    fn a_flaw_has_its_line() {
        assert_eq!(flaw("x = 1\n\nx = '\0'").map(|flaw| flaw.line), Some(3));
        assert_eq!(flaw("x = 1\n-- a\n\nx = = 2").map(|flaw| flaw.line), Some(4));
        assert_eq!(flaw("x = [[\n\n]]\nf()").map(|flaw| flaw.line), Some(4));
    }
}
