//! Mutations of a corpus from a fixed seed.

/// The first state of the generator.
const SEED: u64 = 0x636f_6d6d_756e_6963;

/// The most edits of one input.
const EDITS_MAX: usize = 4;

/// Bytes that decoders treat specially.
const SPECIAL: &[u8] = b"\0\x01\x7f\x80\xc0\xff \t\n\r\"'\\,:;=.-+/%&?{}[]()<>0199eE";

/// Numbers and words that decoders treat specially.
const TOKENS: &[&[u8]] = &[
    b"-1",
    b"0",
    b"1e999",
    b"9223372036854775808",
    b"18446744073709551616",
    b"4294967296",
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"\"\"",
    b"\\u0000",
    b"\\ud800",
    b"\xe2\x80\xae",
    b"\xef\xbf\xbf",
    b"%00",
    b"\r\n\r\n",
    b"\x1b[2J",
    b"{{ ",
    b" }}",
];

/// An endless series of changed inputs, the same in every run.
pub(crate) struct Mutations {
    inputs: Vec<Vec<u8>>,
    random: u64,
}

impl Mutations {
    /// Mutations of these inputs.
    pub(crate) fn of(mut inputs: Vec<Vec<u8>>) -> Self {
        inputs.push(Vec::new());
        Self { inputs, random: SEED }
    }

    /// A number below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end.max(1) as u64).expect("it is below a usize")
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// A short range of an input.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let longest = [2, 16, length][self.below(3)];
        start..length.min(start + self.below(longest + 1))
    }

    fn edit(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        match self.below(8) {
            0 if !input.is_empty() => input[at] ^= 1 << self.below(8),
            1 if !input.is_empty() => input[at] = SPECIAL[self.below(SPECIAL.len())],
            2 => input.insert(at, SPECIAL[self.below(SPECIAL.len())]),
            3 => {
                let token = self.pick(TOKENS);
                input.splice(at..at, token.iter().copied());
            }
            4 => input.truncate(at),
            5 => {
                let range = self.range(input.len());
                input.drain(range);
            }
            6 => {
                let range = self.range(input.len());
                let copy = input[range].to_vec();
                input.splice(at..at, copy);
            }
            _ => {
                let other = self.below(self.inputs.len());
                let range = self.range(self.inputs[other].len());
                let part = self.inputs[other][range].to_vec();
                let replaced = self.range(input.len());
                input.splice(replaced, part);
            }
        }
    }
}

impl Iterator for Mutations {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let picked = self.below(self.inputs.len());
        let mut input = self.inputs[picked].clone();
        for _ in 0..=self.below(EDITS_MAX) {
            self.edit(&mut input);
        }
        Some(input)
    }
}

#[test]
fn mutations_are_the_same_in_every_run() {
    let corpus = || vec![b"{\"a\":1}".to_vec(), b"status".to_vec()];
    let first: Vec<_> = Mutations::of(corpus()).take(100).collect();
    let second: Vec<_> = Mutations::of(corpus()).take(100).collect();
    assert_eq!(first, second);
    assert!(first.windows(2).any(|two| two[0] != two[1]));
}
