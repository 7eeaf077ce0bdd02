//! What a script asks for in its own comments (PEP 723). Pure.

use super::pyproject::{python, table, texts};
use super::wanted::Wanted;
use crate::error::{Error, Result};

/// Reads the block `# /// script` of a script's text.
pub(crate) fn read(text: &str) -> Result<Wanted> {
    let block = block(text).ok_or_else(|| {
        Error::new("it is a script without a block `# /// script`, so it asks for nothing")
    })?;
    let file = table(&block)?;
    let needs = file.get("dependencies").map(|value| texts(value, "dependencies"));
    let passed_over =
        file.contains_key("tool").then(|| "its [tool] tables are passed over".to_owned());
    Ok(Wanted {
        python: python(file.get("requires-python"))?,
        pip: needs.transpose()?.unwrap_or_default(),
        passed_over: passed_over.into_iter().collect(),
        ..Wanted::default()
    })
}

/// The text in the comments: from the first `# /// script` to the last `# ///` of the comments that follow it.
fn block(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim_end).skip_while(|line| *line != "# /// script").skip(1);
    let comments: Vec<&str> =
        lines.take_while(|line| *line == "#" || line.starts_with("# ")).collect();
    let end = comments.iter().rposition(|line| *line == "# ///")?;
    let bare = comments[..end].iter().map(|line| line.get(2..).unwrap_or_default());
    Some(bare.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_says_what_it_needs() {
        let text = "#!/usr/bin/env python\n# /// script\n# requires-python = \">=3.9\"\n#\n# dependencies = [\n#   'rich',\n# ]\n# ///\nimport rich\n";
        let wanted = read(text).unwrap();
        assert_eq!(wanted.pip, ["rich"]);
        assert!(wanted.python.is_some());
        for text in ["import os\n", "# /// script\n# dependencies = []\nimport os\n"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
