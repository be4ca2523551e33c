//! Inputs for every parser of what comes from outside: a corpus made by hand, and mutations of it
//! that keep most of an input's structure, so that they get past the first few checks.
//!
//! `FUZZ_CASES` says how many inputs each target is given. A failure prints the smallest input
//! that still fails; it belongs into a test of its own.

use std::fmt;
use std::time::Instant;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// Enough to notice a slip at once; a long run is asked for by `FUZZ_CASES`.
const CASES_DEFAULT: u32 = 2_000;

/// What parsers stumble over, whatever they parse.
const TOKENS: &[&[u8]] = &[
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"\"\"",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"=",
    b"-",
    b"0",
    b"-0",
    b"400",
    b"\"400\"",
    b"200",
    b"429",
    b"1e999",
    b"-1.5e-999",
    b"18446744073709551616",
    b"-9223372036854775808",
    b"253402300800",
    b"99999999999999999999999999999999999999999999999999",
    b"\"9999-12-31T23:59:59.999999999Z\"",
    b"\"-009999-01-01T00:00:00Z\"",
    b"\"\\ud800\"",
    b"\"\\u0000\"",
    b"\\",
    b"\xff",
    b"\xc3",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xa8",
    b"\x00",
    b"\x1b[31m",
    b"\n",
    b"\r\n",
    b" ",
    b"\xef\xbb\xbf",
    b"<html>",
];

/// Mutated bytes; prints as a byte string that can be pasted into a test.
#[derive(Clone)]
pub struct Input(pub Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One mutation. Places are taken modulo the length.
#[derive(Clone, Debug)]
enum Edit {
    FlipBit(Index, u8),
    Insert(Index, &'static [u8]),
    /// Over as many bytes as the token has.
    Overwrite(Index, &'static [u8]),
    Remove(Index, u8),
    Cut(Index),
    /// A piece of the input once more, elsewhere.
    Duplicate(Index, u8, Index),
    /// The rest is that of another input of the corpus.
    Splice(Index, Index, Index),
    /// Brackets, this many.
    Nest(Index, u16),
    /// A run of one byte, this long.
    Run(Index, u8, u16),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<Index>;
    let token = || proptest::sample::select(TOKENS);
    prop_oneof![
        4 => (at(), 0..8u8).prop_map(|(at, bit)| Edit::FlipBit(at, bit)),
        4 => (at(), token()).prop_map(|(at, token)| Edit::Insert(at, token)),
        4 => (at(), token()).prop_map(|(at, token)| Edit::Overwrite(at, token)),
        3 => (at(), any::<u8>()).prop_map(|(at, length)| Edit::Remove(at, length)),
        1 => at().prop_map(Edit::Cut),
        3 => (at(), any::<u8>(), at()).prop_map(|(from, length, to)| Edit::Duplicate(from, length, to)),
        2 => (at(), at(), at()).prop_map(|(at, other, from)| Edit::Splice(at, other, from)),
        1 => (at(), 0..400u16).prop_map(|(at, depth)| Edit::Nest(at, depth)),
        1 => (at(), any::<u8>(), 0..2_000u16).prop_map(|(at, byte, length)| Edit::Run(at, byte, length)),
    ]
}

impl Edit {
    fn apply(&self, input: &mut Vec<u8>, corpus: &[&[u8]]) {
        // One place more than bytes, so that the end is a place too.
        let place = |at: &Index, input: &Vec<u8>| at.index(input.len() + 1);
        match self {
            Self::FlipBit(at, bit) => {
                let at = place(at, input);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Insert(at, token) => {
                let at = place(at, input);
                input.splice(at..at, token.iter().copied());
            }
            Self::Overwrite(at, token) => {
                let at = place(at, input);
                let end = (at + token.len()).min(input.len());
                input.splice(at..end, token.iter().copied());
            }
            Self::Remove(at, length) => {
                let at = place(at, input);
                let end = (at + usize::from(*length)).min(input.len());
                input.drain(at..end);
            }
            Self::Cut(at) => input.truncate(place(at, input)),
            Self::Duplicate(from, length, to) => {
                let from = place(from, input);
                let end = (from + usize::from(*length)).min(input.len());
                let piece = input[from..end].to_vec();
                let to = place(to, input);
                input.splice(to..to, piece);
            }
            Self::Splice(at, other, from) => {
                let other = *other.get(corpus);
                input.truncate(place(at, input));
                input.extend_from_slice(&other[from.index(other.len() + 1)..]);
            }
            Self::Nest(at, depth) => {
                let at = place(at, input);
                let bracket = if depth % 2 == 0 {
                    &b"["[..]
                } else {
                    b"{\"a\":"
                };
                input.splice(at..at, bracket.repeat(usize::from(*depth)));
            }
            Self::Run(at, byte, length) => {
                let at = place(at, input);
                input.splice(at..at, std::iter::repeat_n(*byte, usize::from(*length)));
            }
        }
    }
}

/// Inputs of `corpus`, most of them mutated.
pub fn mutated<'c>(corpus: &'c [&'c [u8]]) -> impl Strategy<Value = Input> + 'c {
    let edits = proptest::collection::vec(edit(), 0..6);
    (0..corpus.len(), edits).prop_map(move |(chosen, edits)| {
        let chosen = corpus[chosen];
        let mut input = chosen.to_vec();
        for edit in &edits {
            edit.apply(&mut input, corpus);
        }
        Input(input)
    })
}

/// Checks `property` against inputs made by `strategy`, and tells how many in which time.
pub fn fuzz<S: Strategy>(target: &str, strategy: &S, property: impl Fn(S::Value)) {
    let cases = match std::env::var("FUZZ_CASES") {
        Ok(text) => text.parse().expect("FUZZ_CASES is a number"),
        Err(_) => CASES_DEFAULT,
    };
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let begin = Instant::now();
    let outcome = runner.run(strategy, |input| {
        property(input);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{target}: {failure}");
    }
    println!("{target}: {cases} inputs in {:.1?}", begin.elapsed());
}

/// `[[[[…` and `{"a":{"a":…`, a megabyte of each: whatever recurses over them ends the process.
pub fn deep() -> [Vec<u8>; 2] {
    [b"[".repeat(1_000_000), b"{\"a\":".repeat(200_000)]
}
