//! What vendors serve besides chats, text completions and embeddings (the table in vendors.md §2).

use crate::dialect::operation::Operation;

type Served = (Operation, &'static str);

/// What everyone has where OpenAI has it.
const fn usual(operation: Operation) -> Served {
    (operation, operation.path())
}

pub(super) const IMAGES: Served = usual(Operation::ImageGenerations);
pub(super) const EDITS: Served = usual(Operation::ImageEdits);
pub(super) const TRANSCRIPTIONS: Served = usual(Operation::Transcriptions);
pub(super) const TRANSLATIONS: Served = usual(Operation::AudioTranslations);
pub(super) const SPEECH: Served = usual(Operation::Speech);
pub(super) const MODERATIONS: Served = usual(Operation::Moderations);
pub(super) const RERANK: Served = usual(Operation::Rerank);

/// For servers of which nothing is known: whoever runs one knows what it has.
pub(super) const EVERYTHING: &[Served] =
    &[IMAGES, EDITS, TRANSCRIPTIONS, TRANSLATIONS, SPEECH, MODERATIONS, RERANK];
