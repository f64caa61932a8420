//! Statements that insert many rows at once.

use crate::store::pools::Flavour;
use sqlx::Any;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyArguments;
use sqlx::query::Query;
use std::sync::Arc;

/// Rows of a full statement, which is prepared once. A batch of 1000 is eight of them; longer ones are not faster.
pub(super) const ROWS: usize = 125;

/// A statement whose values are yet to be bound, in the order of its columns, row by row.
pub(super) type Bound = Query<'static, Any, AnyArguments>;

#[derive(Debug)]
pub(super) struct Bulk {
    flavour: Flavour,
    columns: usize,
    before: String,
    after: String,
    full: Arc<str>,
}

impl Bulk {
    /// `after` is what follows the values.
    pub fn new(flavour: Flavour, table: &str, columns: &[&str], after: &str) -> Bulk {
        let before = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
        let columns = columns.len();
        let mut bulk = Bulk { flavour, columns, before, after: format!(" {after}"), full: "".into() };
        bulk.full = bulk.text(ROWS).into();
        bulk
    }

    /// A statement for at most [`ROWS`] rows.
    pub fn of(&self, rows: usize) -> Bound {
        match rows {
            ROWS => sqlx::query(AssertSqlSafe(self.full.clone())),
            // One of every other length would push more useful ones out.
            rows => sqlx::query(AssertSqlSafe(self.text(rows))).persistent(false),
        }
    }

    fn text(&self, rows: usize) -> String {
        [&self.before, &places(self.flavour, rows, self.columns), &self.after].map(String::as_str).concat()
    }
}

/// `($1,$2),($3,$4)` for two rows of two columns. SQLite looks for a number in a list of all numbers, which takes
/// longer than the whole rest, so it gets `?`.
fn places(flavour: Flavour, rows: usize, columns: usize) -> String {
    let mut places = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        places.push_str(if row == 0 { "(" } else { "),(" });
        for column in 0..columns {
            places.push_str(if column == 0 { "" } else { "," });
            match flavour {
                Flavour::Sqlite => places.push('?'),
                Flavour::Postgres => places.push_str(&format!("${}", row * columns + column + 1)),
            }
        }
    }
    places.push(')');
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_through_where_they_have_numbers() {
        assert_eq!(places(Flavour::Postgres, 2, 3), "($1,$2,$3),($4,$5,$6)");
        assert_eq!(places(Flavour::Sqlite, 2, 3), "(?,?,?),(?,?,?)");
    }
}
