//! The calls of a stream, told apart although vendors leave out their numbers or their ids, or name them late.

use crate::dialect::hub::Delta;
use std::borrow::Cow;

/// All calls of one stream.
#[derive(Default)]
pub struct Calls(Vec<Call>);

#[derive(Default)]
struct Call {
    choice: u32,
    /// The provider's number, or the place in its list.
    number: u32,
    id: String,
    name: String,
    custom: bool,
    signature: Option<String>,
    /// Our own number, once it is opened: it has to have a name first.
    index: Option<u32>,
    /// Arguments that came before the name.
    waiting: String,
}

/// What one delta says of a call. What it does not say is empty.
pub struct Piece<'a> {
    pub number: Option<u32>,
    /// In the list of its delta.
    pub place: u32,
    pub id: Cow<'a, str>,
    pub name: Cow<'a, str>,
    pub custom: bool,
    pub arguments: Cow<'a, str>,
    pub signature: Option<Cow<'a, str>>,
}

impl Calls {
    /// Says what a piece adds to its call, which it opens if it is the first one with a name.
    pub fn add(&mut self, choice: u32, piece: Piece<'_>, say: &mut dyn FnMut(Delta<'_>)) {
        let at = self.find(choice, &piece).unwrap_or_else(|| self.begin(choice, &piece));
        if let Some(index) = self.0[at].index {
            self.learn_id(at, &piece.id);
            return more(index, piece.arguments, say);
        }
        self.learn(at, &piece);
        match self.0[at].name.is_empty() {
            true => self.0[at].waiting.push_str(&piece.arguments),
            false => {
                let index = self.open(at, say);
                more(index, piece.arguments, say);
            }
        }
    }

    /// The choice ends: a call that never got a name is said all the same, unless nothing is known of it.
    pub fn close(&mut self, choice: u32, say: &mut dyn FnMut(Delta<'_>)) {
        for at in 0..self.0.len() {
            let call = &self.0[at];
            let is_something = !call.id.is_empty() || !call.waiting.is_empty();
            if call.choice == choice && call.index.is_none() && is_something {
                self.open(at, say);
            }
        }
    }

    /// Whether a choice has called anything.
    pub fn any(&self, choice: u32) -> bool {
        self.0.iter().any(|call| call.choice == choice && call.index.is_some())
    }

    fn find(&self, choice: u32, piece: &Piece<'_>) -> Option<usize> {
        let last = |fits: &dyn Fn(&Call) -> bool| {
            self.0.iter().rposition(|call| call.choice == choice && fits(call))
        };
        if piece.number.is_none() && !piece.id.is_empty() {
            let known = last(&|call| call.id == piece.id);
            if known.is_some() {
                return known;
            }
        }
        let number = piece.number.unwrap_or(piece.place);
        last(&|call| call.number == number).filter(|at| !self.0[*at].is_another(piece))
    }

    fn begin(&mut self, choice: u32, piece: &Piece<'_>) -> usize {
        let number = piece.number.unwrap_or(piece.place);
        self.0.push(Call { choice, number, ..Call::default() });
        self.0.len() - 1
    }

    fn learn(&mut self, at: usize, piece: &Piece<'_>) {
        self.learn_id(at, &piece.id);
        let call = &mut self.0[at];
        if call.name.is_empty() {
            call.name.push_str(&piece.name);
        }
        call.custom |= piece.custom;
        call.signature = call.signature.take().or_else(|| piece.signature.as_deref().map(str::to_owned));
    }

    /// An id that another call has as well is none: results could not be told apart.
    fn learn_id(&mut self, at: usize, id: &str) {
        let choice = self.0[at].choice;
        if self.0[at].id.is_empty() && !self.0.iter().any(|call| call.choice == choice && call.id == id) {
            self.0[at].id.push_str(id);
        }
    }

    fn open(&mut self, at: usize, say: &mut dyn FnMut(Delta<'_>)) -> u32 {
        let choice = self.0[at].choice;
        let opened = self.0.iter().filter(|call| call.choice == choice && call.index.is_some()).count();
        let index = u32::try_from(opened).unwrap_or(u32::MAX);
        let call = &mut self.0[at];
        call.index = Some(index);
        say(Delta::ToolCall {
            index,
            id: Cow::Borrowed(&call.id),
            name: Cow::Borrowed(&call.name),
            custom: call.custom,
            signature: call.signature.as_deref().map(Cow::Borrowed),
        });
        more(index, std::mem::take(&mut call.waiting).into(), say);
        index
    }
}

impl Call {
    /// Whether a piece with this call's number begins another one: some vendors number them all alike. Who numbers
    /// may give every piece an id of its own, so only a name begins one there.
    fn is_another(&self, piece: &Piece<'_>) -> bool {
        let differ = |mine: &str, theirs: &str| !mine.is_empty() && !theirs.is_empty() && mine != theirs;
        let same_id = !piece.id.is_empty() && self.id == piece.id;
        let (other_id, other_name) = (differ(&self.id, &piece.id), differ(&self.name, &piece.name));
        let named = !piece.name.is_empty() && !self.name.is_empty();
        (other_id && (named || piece.number.is_none())) || (other_name && !same_id)
    }
}

fn more(index: u32, text: Cow<'_, str>, say: &mut dyn FnMut(Delta<'_>)) {
    if !text.is_empty() {
        say(Delta::Arguments { index, text });
    }
}
