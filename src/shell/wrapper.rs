//! The files of `mlenv container wrap`: scripts for `/bin/sh` that run one command of a container, and a modulefile.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::activators::replaced;
use super::posix::quote;

const WRAPPER: &str = include_str!("../../shell/wrapper.sh");

/// Stands in a call's words for the directory that the command starts in.
pub(crate) const DIR: &str = "\u{1}dir";
/// Stands there for the command and its arguments.
pub(crate) const COMMAND: &str = "\u{1}command";

/// What one wrapper has to know.
pub(crate) struct Wrapper<'a> {
    /// The command's path in the container.
    pub(crate) command: &'a OsStr,
    /// The id of the directory's container.
    pub(crate) id: &'a str,
    /// The engine's program, as it was found here.
    pub(crate) program: &'a Path,
    /// What the command runs in.
    pub(crate) target: Target<'a>,
    /// Directories that are seen inside at the same path.
    pub(crate) seen: Vec<PathBuf>,
    /// Where the command starts when it is called from elsewhere.
    pub(crate) dir: &'a Path,
    /// Whether graphics processors are wanted where there are some.
    pub(crate) gpu: bool,
    /// The call that runs it.
    pub(crate) call: Call<'a>,
    /// Variables of batch systems, which go along where they are set.
    pub(crate) batch: &'a [&'a str],
}

/// What a command runs in.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    /// A container, by its id or name, which has to be started first.
    Container(&'a OsStr),
    /// A sandbox: the path of its directory.
    Sandbox(&'a OsStr),
    /// A new container of an image at each call, which has something mounted at this place.
    New(&'a OsStr),
    /// An image in a file or a directory, which cannot be changed.
    Image,
}

/// The call of an engine, with `DIR` and `COMMAND` among its words.
pub(crate) struct Call<'a> {
    /// The engine's name.
    pub(crate) engine: &'a OsStr,
    /// Its arguments.
    pub(crate) words: &'a [OsString],
    /// Variables that it gets.
    pub(crate) set: &'a [(OsString, OsString)],
    /// Variables that are kept from it.
    pub(crate) unset: &'a [OsString],
}

impl Wrapper<'_> {
    /// The script.
    pub(crate) fn text(&self) -> Vec<u8> {
        let tokens = [
            ("@COMMAND@", quote(self.command)),
            ("@ID@", quote(self.id.as_ref())),
            ("@SIGNS@", self.signs()),
            ("@PROGRAM@", quote(self.program.as_os_str())),
            ("@ENGINE@", quote(self.call.engine)),
            ("@SEEN@", self.patterns()),
            ("@DIR@", quote(self.dir.as_os_str())),
            ("@CALL@", self.call()),
        ];
        replaced(WRAPPER, &tokens)
    }

    /// Lines of the table of mounts that are found in the container alone.
    fn signs(&self) -> Vec<u8> {
        match self.target {
            // Files that the engine mounts there lie in a directory of the container's id.
            Target::Container(id) => [b"*".as_slice(), &quote(id), b"*"].concat(),
            Target::New(mark) => {
                let mark = [b" ".as_slice(), mark.as_bytes(), b" "].concat();
                [b"*".as_slice(), &quote(OsStr::from_bytes(&mark)), b"*"].concat()
            }
            Target::Image => b"*'/mnt/session'*".to_vec(),
            Target::Sandbox(path) => {
                let name = Path::new(path).file_name().unwrap_or_default();
                let root = [b"/", name.as_bytes(), b" / "].concat();
                [b"*'/mnt/session'* | *".as_slice(), &quote(OsStr::from_bytes(&root)), b"*"]
                    .concat()
            }
        }
    }

    fn patterns(&self) -> Vec<u8> {
        let pattern = |dir: &PathBuf| [quote(dir.join("").as_os_str()).as_slice(), b"*"].concat();
        let patterns: Vec<Vec<u8>> = self.seen.iter().map(pattern).collect();
        if patterns.is_empty() {
            quote(self.dir.join("").as_os_str())
        } else {
            patterns.join(&b" | "[..])
        }
    }

    /// Variables, the container's start, what depends on the moment, and the call.
    fn call(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for name in self.call.unset {
            out.extend([b"unset ".as_slice(), name.as_bytes(), b"\n"].concat());
        }
        for (name, value) in self.call.set {
            let line =
                [b"export ".as_slice(), name.as_bytes(), b"=", &quote(value), b"\n"].concat();
            out.extend(line);
        }
        match self.target {
            Target::Container(id) => out.extend(self.in_container(Some(id))),
            Target::New(_) => out.extend(self.in_container(None)),
            Target::Sandbox(_) | Target::Image => out.extend(self.in_sandbox()),
        }
        out.pop(); // the template has the line's end
        out
    }

    /// `id` is that of a container that has to be started.
    fn in_container(&self, id: Option<&OsStr>) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(id) = id {
            let start = b"\"$__mlenv_engine\" start ".as_slice();
            out.extend([start, &quote(id), b" >/dev/null || exit 125\n"].concat());
        }
        let (before, after) = self.words();
        out.extend([b"set -- ".as_slice(), &after, b"\n"].concat());
        let names: String = self.batch.join(" ");
        out.extend(
            format!(
                "for __mlenv_line in {names}; do\n  if eval \"[ -n \\\"\\${{$__mlenv_line+x}}\\\" ]\"; then set -- --env \"$__mlenv_line\" \"$@\"; fi\ndone\n"
            )
            .bytes(),
        );
        out.extend(b"if [ -t 0 ] && [ -t 1 ]; then set -- --tty \"$@\"; fi\n");
        out.extend([b"exec \"$__mlenv_engine\" ".as_slice(), &before, b" \"$@\"\n"].concat());
        out
    }

    fn in_sandbox(&self) -> Vec<u8> {
        let (before, after) = self.words();
        let mut out = [b"set -- ".as_slice(), &after, b"\n"].concat();
        let names: String = self.batch.join(" ");
        out.extend(
            format!(
                "for __mlenv_line in {names}; do\n  if eval \"[ -n \\\"\\${{$__mlenv_line+x}}\\\" ]\"; then\n    eval \"APPTAINERENV_$__mlenv_line=\\$$__mlenv_line SINGULARITYENV_$__mlenv_line=\\$$__mlenv_line\"\n    export \"APPTAINERENV_$__mlenv_line\" \"SINGULARITYENV_$__mlenv_line\"\n  fi\ndone\n"
            )
            .bytes(),
        );
        if self.gpu {
            out.extend(b"if [ -e /dev/nvidiactl ]; then set -- --nv \"$@\"; fi\n");
            out.extend(b"if [ -e /dev/kfd ]; then set -- --rocm \"$@\"; fi\n");
        }
        out.extend([b"exec \"$__mlenv_engine\" ".as_slice(), &before, b" \"$@\"\n"].concat());
        out
    }

    /// The call's first word, behind which options may come, and the rest.
    fn words(&self) -> (Vec<u8>, Vec<u8>) {
        let word = |word: &OsString| -> Vec<u8> {
            if word == DIR {
                b"\"$__mlenv_dir\"".to_vec()
            } else if word == COMMAND {
                b"\"$@\"".to_vec()
            } else {
                quote(word)
            }
        };
        let mut words = self.call.words.iter().map(word);
        let first = words.next().unwrap_or_default();
        (first, words.collect::<Vec<_>>().join(&b" "[..]))
    }
}

/// A modulefile that puts `dir` on PATH: for Lmod where its name ends in `.lua`, else for Tcl modules.
pub(crate) fn module(file: &Path, dir: &Path, what: &str) -> Vec<u8> {
    let dir = dir.as_os_str().as_bytes();
    let what = what.as_bytes();
    if file.extension().is_some_and(|end| end == "lua") {
        return [
            b"-- Written by `mlenv container wrap`.\nwhatis(".as_slice(),
            &lua(what),
            b")\nprepend_path(\"PATH\", ",
            &lua(dir),
            b")\n",
        ]
        .concat();
    }
    [
        b"#%Module1.0\n# Written by `mlenv container wrap`.\nmodule-whatis ".as_slice(),
        &tcl(what),
        b"\nprepend-path PATH ",
        &tcl(dir),
        b"\n",
    ]
    .concat()
}

/// A text of Lua, between brackets of a length that is not in it.
fn lua(text: &[u8]) -> Vec<u8> {
    let is_in = |end: &[u8]| [text, b"]"].concat().windows(end.len()).any(|part| part == end);
    let mut signs = "==".to_owned();
    while is_in(format!("]{signs}]").as_bytes()) {
        signs.push('=');
    }
    [format!("[{signs}[").as_bytes(), text, format!("]{signs}]").as_bytes()].concat()
}

/// A word of Tcl: a backslash before everything that means something.
fn tcl(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for &byte in text {
        if b"\\\"$[]{}".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modulefiles_hold_any_path() {
        let dir = Path::new("/a b/$x[\"");
        let tcl = String::from_utf8(module(Path::new("ml"), dir, "ML")).unwrap();
        assert!(tcl.starts_with("#%Module") && tcl.contains(r#"PATH "/a b/\$x\[\"""#), "{tcl}");
        let lua = String::from_utf8(module(Path::new("ml.lua"), dir, "ML")).unwrap();
        assert!(lua.contains("prepend_path(\"PATH\", [==[/a b/$x[\"]==])"), "{lua}");
        assert_eq!(super::lua(b"x]==]y]="), b"[===[x]==]y]=]===]");
    }
}
