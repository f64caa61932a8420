//! What is wrong with a configuration, where, and what to do about it.

use std::cell::RefCell;
use std::fmt;

/// What stands where a file name would, when an environment variable is at fault.
pub const ENVIRONMENT: &str = "environment";

/// One thing wrong with the configuration, or (as a note) worth knowing about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The file, or `environment`.
    pub file: String,
    /// Counted from 1; 0 where there is no line, as in the environment.
    pub line: u64,
    /// Counted from 1 in characters; 0 where there is no column.
    pub column: u64,
    /// Dotted path of the setting, or the variable's name; empty where the whole file is meant.
    pub field: String,
    /// Goes on where `field` ends: `must be 0 or more, found -3`.
    pub message: String,
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        let gap = if self.field.is_empty() { "" } else { " " };
        write!(f, ": {}{gap}{}", self.field, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Where a value was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Environment,
    File { line: u64, column: u64 },
}

/// Collects problems and notes while reading goes on; one stop per mistake would be one restart per mistake.
pub struct Report {
    file: String,
    problems: RefCell<Vec<Problem>>,
    notes: RefCell<Vec<Problem>>,
}

impl Report {
    pub fn new(file: &str) -> Report {
        Report { file: file.to_owned(), problems: RefCell::default(), notes: RefCell::default() }
    }

    /// Adds a problem: the configuration will not be used. The same one twice is told once.
    pub fn refuse(&self, place: Place, field: &str, message: impl Into<String>, hint: Option<String>) {
        add(&self.problems, self.problem(place, field, message.into(), hint));
    }

    /// Adds a note: the configuration is used all the same.
    pub fn note(&self, place: Place, field: &str, message: impl Into<String>) {
        add(&self.notes, self.problem(place, field, message.into(), None));
    }

    /// `value` with all notes, or all problems; both in the order of the file, the environment's last.
    pub fn conclude<T>(self, value: T) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        if self.problems.borrow().is_empty() {
            Ok((value, in_reading_order(self.notes.into_inner())))
        } else {
            Err(self.into_problems())
        }
    }

    pub fn into_problems(self) -> Vec<Problem> {
        in_reading_order(self.problems.into_inner())
    }

    fn problem(&self, place: Place, field: &str, message: String, hint: Option<String>) -> Problem {
        let (file, line, column) = match place {
            Place::Environment => (ENVIRONMENT, 0, 0),
            Place::File { line, column } => (self.file.as_str(), line, column),
        };
        Problem { file: file.to_owned(), line, column, field: field.to_owned(), message, hint }
    }
}

fn add(list: &RefCell<Vec<Problem>>, problem: Problem) {
    let mut list = list.borrow_mut();
    if !list.contains(&problem) {
        list.push(problem);
    }
}

fn in_reading_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|p| (p.line == 0, p.line, p.column));
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_place_field_and_hint() {
        let report = Report::new("tollgate.yaml");
        let place = Place::File { line: 14, column: 13 };
        let hint = Some("use 0 to keep a member only as a last resort".to_owned());
        report.refuse(place, "groups.smart.members[2].weight", "must be 0 or more, found -3", hint);
        report.refuse(Place::Environment, "GATEWAY_RETRY_MAX", "must be a whole number, found `x`", None);
        let shown: Vec<String> = report.conclude(()).unwrap_err().iter().map(Problem::to_string).collect();
        assert_eq!(
            shown,
            [
                "tollgate.yaml:14:13: groups.smart.members[2].weight must be 0 or more, found -3\n  \
                 hint: use 0 to keep a member only as a last resort",
                "environment: GATEWAY_RETRY_MAX must be a whole number, found `x`",
            ]
        );
    }

    #[test]
    fn problems_come_in_the_order_of_the_file() {
        let report = Report::new("f");
        for (line, column) in [(3, 1), (1, 9), (1, 2)] {
            report.refuse(Place::File { line, column }, "", "", None);
        }
        let lines: Vec<_> = report.conclude(()).unwrap_err().iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(lines, [(1, 2), (1, 9), (3, 1)]);
    }
}
