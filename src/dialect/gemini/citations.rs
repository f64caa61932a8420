//! Where an answer comes from: what a search found, and what was recited (vendors.md §5.3).

use crate::dialect::gemini::reply::Candidate;
use crate::dialect::hub::Citation;
use serde::Deserialize;
use std::borrow::Cow;

/// Citations of one answer.
const MOST: usize = 1000;
/// Bytes that the address and the title of a page, or the words it is cited for, may have: each citation repeats them.
const LONGEST: usize = 8 * 1024;

/// Tells characters from bytes: the vendor counts an answer in bytes, everybody else in characters.
#[derive(Debug, Default)]
pub(super) struct Ruler {
    bytes: u64,
    /// Where bytes stand that begin no character; none in plain English.
    inner: Vec<u64>,
}

impl Ruler {
    /// Takes the next text of the answer.
    pub(super) fn add(&mut self, text: &str) {
        if !text.is_ascii() {
            let inner = (self.bytes..).zip(text.bytes()).filter(|(_, byte)| byte & 0xC0 == 0x80);
            self.inner.extend(inner.map(|(place, _)| place));
        }
        self.bytes = self.bytes.saturating_add(text.len() as u64);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many characters stand before a byte; the end where there are not so many bytes.
    fn characters(&self, byte: u64) -> u64 {
        let byte = byte.min(self.bytes);
        byte - self.inner.partition_point(|inner| *inner < byte) as u64
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grounding<'a> {
    #[serde(borrow)]
    grounding_chunks: Option<Vec<Found<'a>>>,
    #[serde(borrow)]
    grounding_supports: Option<Vec<Support<'a>>>,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow)]
    web: Option<Page<'a>>,
}

impl<'a> Found<'a> {
    fn page(&self) -> Option<&Page<'a>> {
        self.web.as_ref().filter(|page| page.uri.len() + page.title.len() <= LONGEST)
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    uri: Cow<'a, str>,
    #[serde(borrow, default)]
    title: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Support<'a> {
    #[serde(borrow)]
    segment: Option<Segment<'a>>,
    grounding_chunk_indices: Option<Vec<usize>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Segment<'a> {
    part_index: Option<usize>,
    start_index: Option<u64>,
    end_index: Option<u64>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Recited<'a> {
    #[serde(borrow)]
    citations: Option<Vec<Source<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source<'a> {
    start_index: Option<u64>,
    end_index: Option<u64>,
    #[serde(borrow, default)]
    uri: Cow<'a, str>,
    #[serde(borrow, default)]
    title: Cow<'a, str>,
}

/// All citations of a candidate. `ruler` has measured its text so far; `before` says how many bytes of it stand in
/// front of each part. What cannot be read is passed over: an answer is worth more than its sources.
pub(super) fn read<'a>(candidate: &Candidate<'a>, ruler: &Ruler, before: &[u64]) -> Vec<Citation<'a>> {
    let grounding = candidate.grounding_metadata.and_then(parsed::<Grounding<'a>>);
    let mut citations = grounding.map(|found| grounded(&found, ruler, before)).unwrap_or_default();
    let recited = candidate.citation_metadata.and_then(parsed::<Recited<'a>>);
    let sources = recited.and_then(|recited| recited.citations).unwrap_or_default();
    citations.extend(sources.into_iter().filter(|source| !source.uri.is_empty()).map(|source| Citation {
        start: ruler.characters(source.start_index.unwrap_or(0)),
        end: ruler.characters(source.end_index.unwrap_or(0)),
        url: source.uri,
        title: source.title,
        cited: None,
    }));
    citations
}

fn parsed<'a, T: Deserialize<'a>>(raw: &'a str) -> Option<T> {
    serde_json::from_str(raw).ok()
}

/// A citation for each page that supports a segment; where no segments are told, one for each page.
fn grounded<'a>(grounding: &Grounding<'a>, ruler: &Ruler, before: &[u64]) -> Vec<Citation<'a>> {
    let pages = grounding.grounding_chunks.as_deref().unwrap_or_default();
    let supports = grounding.grounding_supports.as_deref().unwrap_or_default();
    if supports.is_empty() {
        return pages.iter().filter_map(Found::page).map(citation).take(MOST).collect();
    }
    let mut citations = Vec::new();
    for support in supports {
        let Some(segment) = &support.segment else { continue };
        let indices = support.grounding_chunk_indices.as_deref().unwrap_or_default();
        let cited = indices.iter().filter_map(|index| pages.get(*index)?.page());
        let room = MOST.saturating_sub(citations.len());
        citations.extend(cited.take(room).map(|page| segment.place(citation(page), ruler, before)));
    }
    citations
}

fn citation<'a>(page: &Page<'a>) -> Citation<'a> {
    Citation { url: page.uri.clone(), title: page.title.clone(), ..Citation::default() }
}

impl<'a> Segment<'a> {
    fn place(&self, citation: Citation<'a>, ruler: &Ruler, before: &[u64]) -> Citation<'a> {
        let base = self.part_index.and_then(|index| before.get(index)).copied().unwrap_or(0);
        let place = |byte: Option<u64>| ruler.characters(byte.unwrap_or(0).saturating_add(base));
        Citation {
            cited: Some(self.text.clone()).filter(|text| !text.is_empty() && text.len() <= LONGEST),
            start: place(self.start_index),
            end: place(self.end_index),
            ..citation
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_characters_wherever_the_text_was_cut() {
        let text = "aé日😀z";
        for cut in 0..=text.len() {
            let Some((front, back)) = text.split_at_checked(cut) else { continue };
            let mut ruler = Ruler::default();
            ruler.add(front);
            ruler.add(back);
            for (characters, (byte, _)) in text.char_indices().enumerate() {
                assert_eq!(ruler.characters(byte as u64), characters as u64, "byte {byte}, cut at {cut}");
            }
            assert_eq!(ruler.characters(u64::MAX), 5);
        }
    }

    #[test]
    fn what_is_cited_over_and_over_takes_no_more_room_than_it_may() {
        let cited = |uri: &str, indices: usize| {
            let indices = vec!["0"; indices].join(",");
            let support = format!(r#"{{"segment":{{"text":"a"}},"groundingChunkIndices":[{indices}]}}"#);
            let json = format!(
                r#"{{"groundingChunks":[{{"web":{{"uri":"{uri}"}}}}],"groundingSupports":[{support},{support}]}}"#
            );
            grounded(&serde_json::from_str(&json).unwrap(), &Ruler::default(), &[]).len()
        };
        assert_eq!(cited("https://a.example", 2), 4);
        assert_eq!(cited("https://a.example", MOST - 1), MOST);
        assert_eq!(cited(&"a".repeat(LONGEST + 1), 2), 0);
    }
}
