//! Tables as CSV (RFC 4180) that no spreadsheet takes for formulas.

/// Lines that end with CR LF, the first of them the names of the columns.
pub fn written(columns: &[&str], rows: &[Vec<String>]) -> String {
    let names = columns.iter().map(|name| (*name).to_owned()).collect();
    let lines = std::iter::once(&names).chain(rows);
    lines
        .map(|row: &Vec<String>| row.iter().map(|cell| cell_of(cell)).collect::<Vec<_>>().join(",") + "\r\n")
        .collect()
}

/// Spreadsheets run what begins with one of these signs, quoted or not; an apostrophe in front makes it text.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

fn cell_of(text: &str) -> String {
    let text = match text.starts_with(FORMULA) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains([',', '"', '\n', '\r', '\'', ';', '\t']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_survives_what_a_name_may_hold() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("\t=1", "\"'\t=1\""),
            ("0.5", "0.5"),
        ] {
            assert_eq!(cell_of(text), cell, "{text:?}");
        }
        let table = written(&["a", "b"], &[vec!["1".to_owned(), "x,y".to_owned()]]);
        assert_eq!(table, "a,b\r\n1,\"x,y\"\r\n");
    }
}
