//! Changes JSON as JSON: a value of another kind where one stood, a member too many or too few. Bytes that chance
//! changes one by one are hardly ever JSON again.

use serde_json::Value;
use serde_json::json;

/// A mutator for libFuzzer: every other time one value of the JSON that is found in `data`, else any bytes.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(seed);
    let changed = if dice.roll(2) == 0 { changed(&data[..size], &mut dice) } else { None };
    match changed.filter(|changed| changed.len() <= max_size) {
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        None => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
}

/// The input with another value somewhere in its JSON: that of the whole, or else that of one line.
fn changed(data: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let signs = data.len().checked_sub(4)?;
    let body = std::str::from_utf8(&data[..signs]).ok()?;
    let (from, to) =
        if serde_json::from_str::<Value>(body).is_ok() { (0, body.len()) } else { line(body, dice)? };
    let mut value: Value = serde_json::from_str(&body[from..to]).ok()?;
    let all = nodes(&value);
    let spare = nth(&mut value, dice.roll(all))?.clone();
    change(nth(&mut value, dice.roll(all))?, spare, dice);
    Some([&data[..from], value.to_string().as_bytes(), &data[to..]].concat())
}

/// Where the JSON of a line of `body` stands.
fn line(body: &str, dice: &mut Dice) -> Option<(usize, usize)> {
    let lines: Vec<&str> = body.split_inclusive('\n').filter(|line| line.contains('{')).collect();
    let line = lines.get(dice.roll(lines.len()))?;
    let start = line.as_ptr().addr() - body.as_ptr().addr();
    Some((start + line.find('{')?, start + line.trim_end().len()))
}

fn change(value: &mut Value, spare: Value, dice: &mut Dice) {
    let odd = |dice: &mut Dice| {
        let odd = json!([null, true, 0, -1, 1.5, 1e300, u64::MAX, "", "x", "é\u{0}\"\\\n😀", "1e9", [], {}, [null], [""], {"": ""}]);
        odd[dice.roll(16)].clone()
    };
    match (dice.roll(6), value) {
        (0, Value::Object(members)) => {
            let name = members.keys().nth(dice.roll(members.len())).cloned();
            name.and_then(|name| members.remove(&name));
        }
        (0, Value::Array(elements)) => elements.truncate(dice.roll(elements.len())),
        (1, Value::Array(elements)) => elements.insert(dice.roll(elements.len()), spare),
        (2, Value::Object(members)) => members.values_mut().for_each(|member| *member = odd(dice)),
        (3, value) => *value = Value::String(value.to_string()),
        (4, value) => *value = spare,
        (_, value) => *value = odd(dice),
    }
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum(),
        _ => 0,
    }
}

/// One of the values in `value`, itself the first.
fn nth(value: &mut Value, mut place: usize) -> Option<&mut Value> {
    if place == 0 {
        return Some(value);
    }
    place -= 1;
    let below: Vec<&mut Value> = match value {
        Value::Array(elements) => elements.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    for value in below {
        let own = nodes(value);
        if place < own {
            return nth(value, place);
        }
        place -= own;
    }
    None
}

struct Dice(u32);

impl Dice {
    /// A number below `sides`; 0 where there are none.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % sides.max(1)
    }
}
