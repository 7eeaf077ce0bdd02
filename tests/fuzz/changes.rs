//! Changes of samples: what accidents and people do to bytes. The same samples give the same changes.

/// What parsers stumble over, put in anywhere.
const WORDS: [&[u8]; 34] = [
    b"\n",
    b"\r\n",
    b"\x1b[31m",
    b"\0",
    b"\xff",
    b"\xe2\x80\xae",
    "é".as_bytes(),
    b"..",
    b"/",
    b"../",
    b"/../../etc",
    b"baseEnv_dir",
    b"mlenv.toml",
    b"%",
    b"%00",
    b"%0a",
    b"%+1",
    b":",
    b"::",
    b" ",
    b"=",
    b"\"",
    b"'",
    b"\\",
    b"((",
    b"[[",
    b"{",
    b"#",
    b"@",
    b"://",
    b"-",
    b"-1",
    b"18446744073709551615",
    b"99999999999999999999999999",
];

/// An endless row of changed samples.
pub(crate) struct Changes<'a> {
    samples: &'a [Vec<u8>],
    state: u64,
}

impl<'a> Changes<'a> {
    pub(crate) fn of(samples: &'a [Vec<u8>]) -> Self {
        Self { samples, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// A sample with one to six changes.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut bytes = self.sample().to_vec();
        for _ in 0..=self.below(6) {
            self.change(&mut bytes);
        }
        bytes
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let end = (at + self.below(40)).min(bytes.len());
        match self.below(9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
            1 if at < bytes.len() => bytes[at] = [0, 0xff, 0x7f, 0x80, b'7', b'9'][self.below(6)],
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..end].to_vec();
                let to = self.below(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            5 => {
                let other = self.sample();
                let from = self.below(other.len() + 1);
                let piece = other[from..(from + self.below(60)).min(other.len())].to_vec();
                drop(bytes.splice(at..end, piece));
            }
            6 => bytes[at..end].fill([0, 0xff, b'0', b'7'][self.below(4)]),
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                drop(bytes.splice(at..at, word.iter().copied()));
            }
        }
    }

    fn sample(&mut self) -> &'a [u8] {
        let at = self.below(self.samples.len());
        &self.samples[at]
    }

    /// A number below `end` (xorshift64*).
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let number = self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % end.max(1)
    }
}
