//! What a YAML text becomes, and how its mistakes are told.

use super::*;
use crate::config::problem::Problem;

fn parsed(text: &str, env: &[(&str, &str)]) -> Result<Node, Vec<Problem>> {
    let env = Environment(env.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect());
    let source = Source { name: "f.yaml".into(), text: text.into() };
    let report = Report::new("f.yaml");
    match parse(&source, &env, &report) {
        Some(node) => report.conclude(node).map(|(node, _)| node),
        None => Err(report.conclude(()).unwrap_err()),
    }
}

/// `path=text@line:column` of every scalar.
fn flat(node: &Node, path: &str, out: &mut Vec<String>) {
    let Place::File { line, column } = node.place else { panic!("{path} has no place") };
    match &node.value {
        Value::Null => out.push(format!("{path}=null@{line}:{column}")),
        Value::Scalar(scalar) => out.push(format!("{path}={}@{line}:{column}", scalar.text)),
        Value::List(items) => {
            items.iter().enumerate().for_each(|(i, x)| flat(x, &format!("{path}[{i}]"), out))
        }
        Value::Map(entries) => entries.iter().for_each(|e| flat(&e.node, &format!("{path}.{}", e.name), out)),
    }
}

fn scalars(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    let mut out = Vec::new();
    flat(&parsed(text, env).unwrap(), "", &mut out);
    out
}

#[test]
fn every_value_knows_its_line_and_column() {
    let text = "a: 1\nb:\n  - x\n  - {ü: y, z: }\nc: |\n  two\n  lines\n";
    let expected = [".a=1@1:4", ".b[0]=x@3:5", ".b[1].ü=y@4:9", ".b[1].z=null@4:13", ".c=two\nlines\n@6:3"];
    assert_eq!(scalars(text, &[]), expected);
}

#[test]
fn bare_values_keep_their_spelling() {
    let text = "[off, True, 010, 1.50, 0x1F, 12345678901234567890123, .nan, '5', ~]";
    let read: Vec<String> = scalars(text, &[])
        .iter()
        .map(|s| s[s.find('=').unwrap() + 1..s.rfind('@').unwrap()].into())
        .collect();
    assert_eq!(read, ["off", "True", "010", "1.50", "0x1F", "12345678901234567890123", ".nan", "5", "null"]);
}

#[test]
fn an_alias_stands_where_it_is_used() {
    let text = "base: &b { ttl: 1.0 }\nhere: *b\nmore: { <<: *b, x: 2 }\n";
    let expected = [".base.ttl=1.0@1:17", ".here.ttl=1.0@2:7", ".more.x=2@3:20", ".more.ttl=1.0@3:13"];
    assert_eq!(scalars(text, &[]), expected);
}

#[test]
fn variables_are_put_in_after_yaml_was_read() {
    let node = parsed("a: ${A}", &[("A", "x: [ # '")]).unwrap();
    let Value::Map(entries) = &node.value else { panic!("{node:?}") };
    let Value::Scalar(scalar) = &entries[0].node.value else { panic!("{node:?}") };
    assert_eq!((scalar.text.as_str(), scalar.written.as_deref()), ("x: [ # '", Some("${A}")));
}

#[test]
fn an_empty_file_is_an_empty_tree() {
    for text in ["", "# nothing yet\n", "---\n"] {
        assert!(matches!(parsed(text, &[]).unwrap().value, Value::Null), "{text:?}");
    }
}

#[test]
fn broken_yaml_is_a_problem_with_its_place() {
    for (text, line, column) in
        [("a: [1\nb: 2\n", 2, 2), ("a: b\nc\n", 2, 1), ("a: *x\n", 1, 4), ("a: 1\n---\nb: 2\n", 3, 1)]
    {
        let problems = parsed(text, &[]).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].line, problems[0].column), (line, column), "{text:?}: {}", problems[0]);
    }
}

#[test]
fn a_variable_that_lacks_its_quotes_is_explained() {
    let problems = parsed("a: ${A}\nb: [ ${B} ]\n", &[]).unwrap_err();
    assert_eq!(problems[0].line, 2, "{}", problems[0]);
    assert!(problems[0].hint.as_deref().is_some_and(|hint| hint.contains("quotes")), "{}", problems[0]);
}

#[test]
fn a_key_written_twice_is_named_and_the_rest_still_read() {
    let problems = parsed("a: 1\na: 2\nb: ${\n", &[]).unwrap_err();
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        shown,
        ["f.yaml:2:1: `a` is written twice", "f.yaml:3:4: the value here has a `${` without its `}`"]
    );
}

#[test]
fn a_broken_file_does_not_show_its_secrets() {
    for text in ["key: 'sk-secret\n", "key: sk-secret: b\n", "a: b\nsk-secret\n", "a: !!int sk-secret\n"] {
        for problem in parsed(text, &[]).unwrap_err() {
            assert!(!problem.to_string().contains("sk-secret"), "{problem}");
        }
    }
}

#[test]
fn an_alias_bomb_and_a_giant_are_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..9 {
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", "));
    }
    for text in [bomb, "[".repeat(100_000), "x".repeat(LARGEST + 1)] {
        assert_eq!(parsed(&text, &[]).unwrap_err().len(), 1);
    }
}
