//! The lines of mlenv in a user's rc file: between two marks, put in and taken out without a change to any other line. Pure.

use super::Dialect;

const BEGIN: &str = "# >>> mlenv >>>";
const END: &str = "# <<< mlenv <<<";

/// The lines for a shell. `program` is a word of that shell; `completions` a file to be read, where the shell does not look
/// for it by itself, as such a word too.
pub(crate) fn lines(dialect: Dialect, program: &str, completions: Option<&str>) -> String {
    let hook = match dialect {
        Dialect::Bash => format!("eval \"$({program} hook bash)\"\n"),
        Dialect::Zsh => format!("eval \"$({program} hook zsh)\"\n"),
        Dialect::Tcsh(_) => format!("eval \"`{program} hook tcsh`\"\n"),
        Dialect::Fish => format!("{program} hook fish | source\n"),
    };
    let completions = completions.map_or(String::new(), |file| match dialect {
        // What compinit set up is needed; without it there are no completions at all.
        Dialect::Zsh => format!("(( $+functions[compdef] )) && [[ -r {file} ]] && source {file}\n"),
        Dialect::Tcsh(_) => format!("if ( -r {file} ) source {file}\n"),
        Dialect::Bash | Dialect::Fish => String::new(),
    });
    format!("{BEGIN}\n{hook}{completions}{END}\n")
}

/// A file's text with the lines at its end, or where they are already.
pub(crate) fn with(text: &str, lines: &str) -> String {
    if let Some((before, after)) = around(text) {
        return format!("{before}{lines}{after}");
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{gap}{lines}")
}

/// A file's text without them; none where they are not in it.
pub(crate) fn without(text: &str) -> Option<String> {
    around(text).map(|(before, after)| format!("{before}{after}"))
}

/// What stands before and behind the marks.
fn around(text: &str) -> Option<(&str, &str)> {
    let starts = |mark: &str, from: usize| {
        let found = text[from..].match_indices(mark).map(|(at, _)| at + from);
        found.into_iter().find(|&at| at == 0 || text[..at].ends_with('\n'))
    };
    let begin = starts(BEGIN, 0)?;
    let end = starts(END, begin)?;
    let after = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
    Some((&text[..begin], &text[after..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_in_and_out_and_leave_the_rest() {
        let lines = lines(Dialect::Zsh, "mlenv", Some("'/c'"));
        for text in ["", "a\n", "a", "a\n\n# b\n"] {
            let with_them = with(text, &lines);
            assert_eq!(with(&with_them, &lines), with_them, "twice is once");
            let back = without(&with_them).unwrap();
            assert_eq!(back.trim_end_matches('\n'), text.trim_end_matches('\n'));
        }
        let middle = with("a\n", &lines) + "b\n";
        assert_eq!(with(&middle, "X\n"), "a\nX\nb\n");
        assert_eq!(without("nothing # >>> mlenv >>>\n"), None);
    }
}
