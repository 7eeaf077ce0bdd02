//! What two kinds of text in a base should be: Jupyter's kernels, and ROOT's `root-config`. Pure.

use std::path::Path;

use serde::Deserialize;

/// How a kernel in `share/jupyter/kernels/NAME` finds the Python of its prefix: Jupyter replaces `{resource_dir}` by the
/// kernel's own directory, so that an env's copy of the kernel starts the env's Python.
const PORTABLE_PYTHON: &str = "{resource_dir}/../../../../bin/python3";

/// A kernel that starts a Python by the base's path, with the path that works from everywhere; `None` for others.
pub(super) fn kernel(text: &[u8], homes: &[&Path]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Kernel {
        argv: Vec<String>,
    }
    let kernel: Kernel = serde_json::from_slice(text).ok()?;
    let program = Path::new(kernel.argv.first()?);
    let inside = homes.iter().find_map(|home| program.strip_prefix(home).ok())?;
    let name = inside.strip_prefix("bin").ok()?.to_str()?;
    let is_python = name.strip_prefix("python")?.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !is_python {
        return None;
    }
    // The text is kept as it is written, keys in their order.
    let old = serde_json::to_string(program.to_str()?).ok()?;
    let new = serde_json::to_string(PORTABLE_PYTHON).ok()?;
    let text = std::str::from_utf8(text).ok()?;
    text.contains(&old).then(|| text.replacen(&old, &new, 1).into_bytes())
}

/// `root-config` with `-lz` among the libraries that `--libs` prints; `None` where it is there, or where no line of the
/// known form is.
///
/// ROOT's libraries use zlib, and recent linkers want to be told of libraries that only libraries need. The script sets
/// `auxlibs` for each platform.
pub(super) fn root_config(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut new = String::with_capacity(text.len() + 64);
    for line in text.split_inclusive('\n') {
        match ended(line).filter(|_| !has_zlib(line)) {
            Some((front, back)) => new.extend([front, " -lz", back]),
            None => new.push_str(line),
        }
    }
    (new != text).then(|| new.into_bytes())
}

/// True for a `root-config` that prints libraries without `-lz` and has no line that could be mended.
pub(super) fn lacks_zlib(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    text.contains("--libs") && !text.lines().any(has_zlib)
}

fn has_zlib(line: &str) -> bool {
    line.split(|c: char| c.is_whitespace() || c == '"').any(|word| word == "-lz")
}

/// An assignment of libraries with `-ldl` among them, as every Linux platform has it, taken apart at its closing quote.
fn ended(line: &str) -> Option<(&str, &str)> {
    let value = line.trim_start().strip_prefix("auxlibs=\"")?;
    value.split(|c: char| c.is_whitespace() || c == '"').find(|word| *word == "-ldl")?;
    Some(line.split_at(line.rfind('"')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_starts_the_python_of_its_own_prefix_and_stays_as_it_was_written() {
        let homes = [Path::new("/opt/conda")];
        let old = br#"{"language": "python", "argv": [ "/opt/conda/bin/python3.11", "-m", "x"]}"#;
        let new = kernel(old, &homes).unwrap();
        let expected = br#"{"language": "python", "argv": [ "{resource_dir}/../../../../bin/python3", "-m", "x"]}"#;
        assert_eq!(new, expected);
        assert_eq!(kernel(&new, &homes), None);
        for other in [
            &b"{}"[..],
            b"",
            br#"{"argv": ["python3-nohome"]}"#,
            br#"{"argv": ["/opt/conda/bin/R"]}"#,
        ] {
            assert_eq!(kernel(other, &homes), None);
        }
    }

    #[test]
    fn zlib_is_added_once_to_every_platform_that_has_libdl() {
        let old = b"a)\n  auxlibs=\"-lm -ldl\"\n  auxlibs=\"-lm\"\nb)\n   auxlibs=\"-lz -ldl\"\n--libs)\n";
        assert!(!lacks_zlib(old));
        let new = root_config(old).unwrap();
        let expected = b"a)\n  auxlibs=\"-lm -ldl -lz\"\n  auxlibs=\"-lm\"\nb)\n   auxlibs=\"-lz -ldl\"\n--libs)\n";
        assert_eq!(String::from_utf8_lossy(&new), String::from_utf8_lossy(expected));
        assert_eq!(root_config(&new), None);
        assert!(lacks_zlib(b"--libs) echo $libs\n"));
    }
}
