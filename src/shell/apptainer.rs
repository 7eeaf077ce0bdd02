//! What apptainer reads of an image that is a directory: files of `sh` in `.singularity.d`. Pure.

use std::ffi::OsStr;
use std::path::Path;

use super::posix;

/// Sets the image's variables. Names that no shell takes, and values of several lines, are passed over.
pub(crate) fn variables(pairs: &[String]) -> Vec<u8> {
    let mut text = b"#!/bin/sh\n".to_vec();
    for (name, value) in pairs.iter().filter_map(|pair| pair.split_once('=')) {
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit());
        if is_name && !value.contains(['\n', '\r']) {
            text.extend(b"export ");
            text.extend(name.as_bytes());
            text.push(b'=');
            text.extend(posix::quote(OsStr::new(value)));
            text.push(b'\n');
        }
    }
    text
}

/// Runs what the image's container runs, with further words behind it.
pub(crate) fn runscript(words: &[String]) -> Vec<u8> {
    let mut text = b"#!/bin/sh\nexec".to_vec();
    for word in words {
        text.push(b' ');
        text.extend(posix::quote(OsStr::new(word)));
    }
    text.extend(b" \"$@\"\n");
    text
}

/// Activates the env at `prefix` for what follows: the program that a frozen image's containers begin with.
pub(crate) fn entry(prefix: &Path) -> Vec<u8> {
    let mut text = b"#!/bin/sh\n".to_vec();
    text.extend(activation(prefix));
    text.extend(b"exec \"$@\"\n");
    text
}

/// Runs what packages of the env want run when it is active.
pub(crate) fn activation(prefix: &Path) -> Vec<u8> {
    let mut text = b"mlenv_prefix=".to_vec();
    text.extend(posix::quote(prefix.as_os_str()));
    text.extend(include_bytes!("../../shell/image/activation.sh"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_and_odd_names_are_passed_over() {
        let pairs = ["A=it's $x", "1B=2", "C D=3", "E=", "F=a\nb"].map(str::to_owned);
        let text = String::from_utf8(variables(&pairs)).unwrap();
        assert_eq!(text, "#!/bin/sh\nexport A='it'\\''s $x'\nexport E=''\n");
        let text = String::from_utf8(runscript(&["/bin/sh".into(), "-l".into()])).unwrap();
        assert!(text.ends_with("-l' \"$@\"\n") || text.ends_with("-l \"$@\"\n"), "{text}");
    }
}
