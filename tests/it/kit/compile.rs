//! Libraries and programs compiled for a test: what the loader does with them is what counts.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What to compile.
pub(crate) struct Source<'a> {
    /// Where it goes; its directories are made.
    pub(crate) to: PathBuf,
    /// C.
    pub(crate) text: &'a str,
    /// The name that others need a library by; none for a program.
    pub(crate) soname: Option<&'a str>,
    /// Files that are linked with it.
    pub(crate) needs: &'a [PathBuf],
    /// Further words for the linker, such as `-rpath=$ORIGIN`.
    pub(crate) linker: &'a [&'a str],
}

impl Source<'_> {
    #[track_caller]
    pub(crate) fn compile(&self) -> PathBuf {
        std::fs::create_dir_all(self.to.parent().unwrap()).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        let text = scratch.path().join("source.c");
        std::fs::write(&text, self.text).unwrap();
        let mut command = Command::new("cc");
        command.arg("-o").arg(&self.to).arg(&text).args(self.needs);
        if let Some(soname) = self.soname {
            command.args(["-shared", "-fPIC"]).args(["-Xlinker", "-soname", "-Xlinker", soname]);
        }
        for word in self.linker {
            command.args(["-Xlinker", word]);
        }
        // Libraries of libraries: they are found when it runs, not now.
        command.args(["-Xlinker", "--allow-shlib-undefined"]);
        let output = command.output().expect("the tests need a C compiler, `cc`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.to.clone()
    }
}

/// A library that tells a number, and has one more function from 2 on.
#[track_caller]
pub(crate) fn hep(to: PathBuf, version: u32) -> PathBuf {
    let feature = if version > 1 { "int hep_feature(void){return 7;}" } else { "" };
    let text = format!("int hep_version(void){{return {version};}}{feature}");
    Source { to, text: &text, soname: Some("libhep.so.1"), needs: &[], linker: &[] }.compile()
}

/// The libraries that a program is linked with when it starts, as the loader finds them.
#[track_caller]
pub(crate) fn loaded(program: &Path) -> String {
    let mut command = Command::new(program);
    let output = command.env("LD_TRACE_LOADED_OBJECTS", "1").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
