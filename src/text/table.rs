//! Lists for people: a header, columns below each other, what is active marked.

/// Lines with a header. The last column is not filled up; a line that is marked begins with `*`.
pub(crate) fn table(header: &[&str], rows: &[(bool, Vec<String>)]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let header: Vec<String> = header.iter().map(|&word| word.to_owned()).collect();
    let width = |at: usize| {
        let cells = rows.iter().map(|(_, row)| &row[at]).chain([&header[at]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |marked: bool, row: &[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        let cells = cells.collect::<Vec<_>>().join("  ");
        let mark = if marked { '*' } else { ' ' };
        format!("{mark} {}", cells.trim_end()).trim_end().to_owned() + "\n"
    };
    let body = rows.iter().map(|(marked, row)| line(*marked, row));
    line(false, &header) + &body.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_the_active_one_is_marked() {
        let row = |words: [&str; 2]| words.map(str::to_owned).to_vec();
        let rows = [(true, row(["é", "/a b"])), (false, row(["longer", ""]))];
        assert_eq!(table(&["NAME", "PATH"], &rows), "  NAME    PATH\n* é       /a b\n  longer\n");
        assert_eq!(table(&["NAME"], &[]), "");
    }
}
