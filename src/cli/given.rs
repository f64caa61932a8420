//! Settings on the command line, in the words of the file: `--limit requests=60/min --budget hard=100/month`.

use serde_json::Map;
use serde_json::Value;

/// What a key or a tenant may use.
#[derive(Debug, Default, clap::Args)]
pub struct Given {
    /// A limit such as `requests=60/min`, `tokens=1000/s` or `concurrent=50`; may be repeated
    #[arg(long, value_name = "WHAT=RATE", value_parser = pair)]
    limit: Vec<(String, String)>,
    /// A quota such as `requests=1000/day`, `tokens=5000000/month` or `cost=5/day`; may be repeated
    #[arg(long, value_name = "WHAT=AMOUNT", value_parser = pair)]
    quota: Vec<(String, String)>,
    /// A budget in US dollars: `hard=100/month` or `soft=80/month`; may be repeated
    #[arg(long, value_name = "WHAT=AMOUNT", value_parser = pair)]
    budget: Vec<(String, String)>,
    /// A model, alias or group that may be named; may be repeated; without any, all may
    #[arg(long, value_name = "NAME")]
    model: Vec<String>,
    /// Whether requests may go on to another target than the first
    #[arg(long, value_name = "true|false")]
    failover: Option<bool>,
}

impl Given {
    /// As the admin API takes it.
    pub fn into_body(self) -> Map<String, Value> {
        let mut body = Map::new();
        for (name, pairs) in [("limits", self.limit), ("quota", self.quota), ("budget", self.budget)] {
            if !pairs.is_empty() {
                body.insert(name.to_owned(), Value::Object(section(pairs)));
            }
        }
        if !self.model.is_empty() {
            body.insert("models".to_owned(), self.model.into());
        }
        body.extend(self.failover.map(|failover| ("failover".to_owned(), failover.into())));
        body
    }
}

/// What is given twice is a list.
fn section(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut section: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let value = Value::String(value);
        match section.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => drop(section.insert(name, value)),
        }
    }
    section
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be such as `requests=60/min`")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_given_in_the_words_of_the_file() {
        let pairs =
            |all: &[(&str, &str)]| all.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let given = Given {
            limit: pairs(&[("requests", "60/min"), ("requests", "5/s"), ("concurrent", "2")]),
            budget: pairs(&[("hard", "100/month")]),
            model: vec!["fast".to_owned()],
            ..Given::default()
        };
        let expected = json!({
            "limits": { "requests": ["60/min", "5/s"], "concurrent": "2" },
            "budget": { "hard": "100/month" },
            "models": ["fast"],
        });
        assert_eq!(Value::Object(given.into_body()), expected);
        assert!(pair("requests").is_err());
    }
}
