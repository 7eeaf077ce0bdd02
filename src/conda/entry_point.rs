//! Commands of Python packages that are not bound to a machine: `name = module:function` in a package's `link.json`
//! becomes a script in `bin`. Pure.

use std::path::{Path, PathBuf};

use crate::env::script;
use crate::error::{Error, Result};
use crate::text::shown;

/// A command, and what it calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntryPoint {
    command: String,
    module: String,
    function: String,
}

impl EntryPoint {
    /// Reads `cowsay = cowsay.main:cli`. What is not a plain name of a command and names of Python would be code in
    /// the script, or a file outside of `bin`.
    pub(crate) fn parse(line: &str) -> Result<Self> {
        let parts = line.split_once('=').and_then(|(command, place)| {
            let place = place.split('[').next().unwrap_or(place);
            let (module, function) = place.split_once(':')?;
            Some((command.trim(), module.trim(), function.trim()))
        });
        match parts {
            Some((command, module, function))
                if is_file_name(command) && is_dotted(module) && is_dotted(function) =>
            {
                let [command, module, function] = [command, module, function].map(str::to_owned);
                Ok(Self { command, module, function })
            }
            _ => Err(Error::new(format!(
                "\"{}\" is not an entry point of the form `command = module:function`",
                shown(line)
            ))),
        }
    }

    /// Where the script goes, relative to the env.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new("bin").join(&self.command)
    }

    /// The script for the env at `env`: as conda writes it, but for the head that also long paths can have.
    pub(crate) fn script(&self, env: &Path) -> Vec<u8> {
        let Self { module, function, .. } = self;
        let import = function.split('.').next().unwrap_or(function);
        let body = format!(
            "# -*- coding: utf-8 -*-\nimport re\nimport sys\n\nfrom {module} import {import}\n\n\
             if __name__ == '__main__':\n    \
             sys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n    \
             sys.exit({function}())\n"
        );
        script::settle(&script::portable(b"", body.as_bytes()), env).into_owned()
    }
}

fn is_file_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    name.chars().all(is_part) && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

fn is_dotted(name: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    name.split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_point_becomes_a_script_of_the_envs_python() {
        let found = EntryPoint::parse("cow-say = cowsay.main:app.run [extra]").unwrap();
        assert_eq!(found.path(), Path::new("bin/cow-say"));
        let script = String::from_utf8(found.script(Path::new("/e"))).unwrap();
        assert!(script.starts_with("#!/e/bin/python3\n# -*- coding"), "{script}");
        assert!(script.contains("from cowsay.main import app\n"), "{script}");
        assert!(script.ends_with("sys.exit(app.run())\n"), "{script}");
        let spaced = String::from_utf8(found.script(Path::new("/a b"))).unwrap();
        assert!(spaced.starts_with("#!/bin/sh\n'''exec' "), "{spaced}");
    }

    #[test]
    fn what_would_be_code_or_another_place_is_refused() {
        for line in [
            "x = a:b;evil()",
            "../x = a:b",
            "/etc/x = a:b",
            ".. = a:b",
            ".x = a:b",
            "x = a\nimport os:b",
            "x = a.:b",
            "x = a",
            "x a:b",
            " = a:b",
            "x y = a:b",
        ] {
            assert!(EntryPoint::parse(line).is_err(), "{line}");
        }
    }
}
