//! Lists for people: a header, columns below each other, what is active marked.

/// A column is not made narrower than this.
const NARROW: usize = 12;

/// Lines with a header, which fit into `columns` where that many are there: of the widest cells the middle is left out. The
/// last column is not filled up; a line that is marked begins with `*`.
pub(crate) fn table(
    header: &[&str],
    rows: &[(bool, Vec<String>)],
    columns: Option<usize>,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let header: Vec<String> = header.iter().map(|&word| word.to_owned()).collect();
    let width = |at: usize| {
        let cells = rows.iter().map(|(_, row)| &row[at]).chain([&header[at]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..header.len()).map(width).collect();
    // What has no header are remarks, of which every word counts.
    let remarks = header.iter().rev().take_while(|word| word.is_empty()).count();
    let columns = columns.map(|all| {
        let taken: usize = widths[header.len() - remarks..].iter().map(|width| width + 2).sum();
        all.saturating_sub(taken)
    });
    narrow(&mut widths[..header.len() - remarks], columns);
    let line = |marked: bool, row: &[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| {
            let cell = shortened(cell, width);
            format!("{cell:width$}")
        });
        let cells = cells.collect::<Vec<_>>().join("  ");
        let mark = if marked { '*' } else { ' ' };
        format!("{mark} {}", cells.trim_end()).trim_end().to_owned() + "\n"
    };
    let body = rows.iter().map(|(marked, row)| line(*marked, row));
    line(false, &header) + &body.collect::<String>()
}

/// Takes from the widest, one by one, until all fit, or all are narrow.
fn narrow(widths: &mut [usize], columns: Option<usize>) {
    let Some(columns) = columns else { return };
    while 2 * widths.len() + widths.iter().sum::<usize>() > columns {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROW => *widest -= 1,
            _ => return,
        }
    }
}

/// Both ends of a path tell more than its middle.
fn shortened(cell: &str, width: usize) -> String {
    let all: Vec<char> = cell.chars().collect();
    if all.len() <= width {
        return cell.to_owned();
    }
    let head = (width - 1) / 3;
    let tail = width - 1 - head;
    let ends = all[..head].iter().chain(['…'].iter()).chain(&all[all.len() - tail..]);
    ends.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(words: [&str; 2]) -> Vec<String> {
        words.map(str::to_owned).to_vec()
    }

    #[test]
    fn columns_stand_below_each_other_and_the_active_one_is_marked() {
        let rows = [(true, row(["é", "/a b"])), (false, row(["longer", ""]))];
        let told = table(&["NAME", "PATH"], &rows, None);
        assert_eq!(told, "  NAME    PATH\n* é       /a b\n  longer\n");
        assert_eq!(table(&["NAME"], &[], None), "");
    }

    #[test]
    fn what_is_too_wide_for_a_terminal_loses_its_middle_and_nothing_becomes_too_narrow() {
        let rows = [(false, row(["env", "/a/very/long/path/to/an/env/called/tune"]))];
        for (columns, path) in [
            (60, "/a/very/long/path/to/an/env/called/tune"),
            (30, "/a/very…nv/called/tune"),
            (5, "/a/…led/tune"),
        ] {
            let told = table(&["NAME", "PATH"], &rows, Some(columns));
            assert_eq!(told.lines().nth(1), Some(format!("  env   {path}").as_str()), "{columns}");
            assert!(told.lines().all(|line| line.chars().count() <= columns.max(20)), "{told}");
        }
    }
}
