//! Tables for people.

use serde_json::Value;

/// Rows under the names of their columns, as wide as they have to be.
pub fn table(columns: &[&str], rows: &[Value]) -> String {
    let names = columns.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>();
    let cells = rows.iter().map(|row| columns.iter().map(|name| cell(&row[*name])).collect::<Vec<_>>());
    let lines: Vec<Vec<String>> = std::iter::once(names).chain(cells).collect();
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let written = |line: &Vec<String>| {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(written).collect()
}

/// One row, a field a line.
pub fn fields(row: &Value) -> String {
    let fields = row.as_object().into_iter().flatten();
    fields
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name}: {}\n", cell(value)))
        .collect()
}

/// Nothing that a terminal would obey.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().map(|sign| if sign.is_control() { '\u{fffd}' } else { sign }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [json!({ "name": "ä long one", "n": 1 }), json!({ "name": "b", "n": null, "x": 1 })];
        assert_eq!(table(&["name", "n"], &rows), "NAME        N\nä long one  1\nb\n");
        assert_eq!(fields(&json!({ "a": "x\u{1b}[1m", "b": null })), "a: x\u{fffd}[1m\n");
    }
}
