//! What is wrong with YAML, in words for people who write manifests. The parsers' own words name
//! their insides and settings, and some show a piece of the text, which may be a key.

use granit_parser::ErrorKind as Kind;
use serde_saphyr::Error;

/// Why the text is no YAML.
#[must_use]
pub fn reason(kind: &Kind) -> String {
    let words = match kind {
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar
        | Kind::TabAtBlockScalarStart => "a tab stands where blanks are needed",
        Kind::UnclosedQuotedScalar | Kind::InvalidQuotedScalarIndent => {
            "a quote is not closed, or a line inside it is indented wrongly"
        }
        Kind::UnclosedFlowCollection { .. }
        | Kind::UnexpectedEofFlowSequence
        | Kind::UnexpectedEofFlowMapping
        | Kind::UnexpectedEofImplicitFlowMapping => "a bracket is not closed",
        Kind::MisplacedFlowCollectionEnd | Kind::MismatchedFlowCollectionEnd { .. } => {
            "a bracket is closed that was not opened"
        }
        Kind::UnexpectedEof
        | Kind::UnexpectedEofBlockSequence
        | Kind::UnexpectedEofBlockMapping
        | Kind::UnexpectedEndOfPlainScalar => "the text ends too early",
        Kind::UnknownAnchor => "an alias (*) names no anchor (&)",
        Kind::MissingAnchorOrAliasName => "a name is missing after & or *",
        Kind::ExpectedFlowMappingSeparator => "',' or '}' is missing",
        Kind::ExpectedFlowSequenceSeparator => "',' or ']' is missing",
        Kind::MappingValueNotAllowed
        | Kind::MappingKeyNotAllowed
        | Kind::InvalidColonPlacement
        | Kind::FlowMappingValueAdjacentCollection
        | Kind::InvalidMappingValueWhitespace => "':' stands where no key is allowed",
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => "':' is missing after a key",
        Kind::ExpectedBlockMappingKey => "a key is missing; mind the indentation",
        Kind::ExpectedBlockSequenceEntry
        | Kind::BlockSequenceEntryNotAllowed
        | Kind::BlockEntryInFlowCollection
        | Kind::InvalidBlockEntryWhitespace
        | Kind::PlainScalarStartsWithDashFlowIndicator => "a list's '-' is missing or misplaced",
        Kind::InvalidIndentation
        | Kind::InvalidBlockScalarIndent
        | Kind::InvalidFlowScalarIndent
        | Kind::ZeroBlockScalarIndent => "a line is indented wrongly",
        Kind::InvalidBlockScalarHeader => "something else follows '|' or '>'",
        Kind::InvalidTrailingSingleQuotedScalar | Kind::InvalidTrailingDoubleQuotedScalar => {
            "something else follows a closing quote"
        }
        Kind::DocumentIndicatorInQuotedScalar => "'---' or '...' is inside quotes",
        Kind::UnknownQuotedScalarEscape
        | Kind::InvalidQuotedScalarHexEscape
        | Kind::InvalidLowSurrogateHexEscape
        | Kind::InvalidLowSurrogate
        | Kind::MissingLowSurrogate
        | Kind::UnpairedLowSurrogate
        | Kind::InvalidUnicodeEscape => {
            "an escape (\\) inside double quotes is not one that YAML knows"
        }
        Kind::BomInsideDocument => "a byte order mark is inside the document",
        Kind::UnexpectedCharacter { .. } | Kind::ExpectedNodeContent | Kind::ExpectedWhitespace => {
            "it has a character that YAML does not allow there"
        }
        Kind::CommentInterceptedScalar | Kind::CommentNotSeparated => {
            "a comment is not allowed there"
        }
        Kind::ExpectedDocumentStart | Kind::InvalidDocumentEnd => {
            "'---' is missing between two documents"
        }
        Kind::RecursionLimitExceeded => TOO_DEEP,
        Kind::AnchorCountOverflow => TOO_MUCH,
        Kind::ExpectedTagBang
        | Kind::UndeclaredTagHandle
        | Kind::InvalidGlobalTagCharacter
        | Kind::InvalidTagTerminator
        | Kind::MissingTagUri
        | Kind::UnclosedVerbatimTag
        | Kind::InvalidTagEscape
        | Kind::InvalidTagUtf8LeadingByte
        | Kind::InvalidTagUtf8TrailingByte
        | Kind::InvalidTagUtf8 => "a tag (!) is not one that YAML knows",
        Kind::DuplicateVersionDirective
        | Kind::UnsupportedYamlMajorVersion
        | Kind::DuplicateTagDirective
        | Kind::MissingDocumentEndBeforeDirective
        | Kind::ExpectedTagDirectiveBang
        | Kind::InvalidDirectiveTerminator
        | Kind::DirectiveDisallowed
        | Kind::MissingYamlVersionSeparator
        | Kind::MissingDirectiveName
        | Kind::InvalidDirectiveName
        | Kind::DirectiveByteLimitExceeded { .. }
        | Kind::TooManyReservedDirectiveParams { .. }
        | Kind::YamlVersionTooLong
        | Kind::MissingYamlVersion
        | Kind::InvalidTagDirectiveTerminator => "a directive (%) is not one that YAML knows",
        // Kinds that only other ways of reading have, and those to come.
        _ => "this is not YAML",
    };
    words.to_owned()
}

const TOO_DEEP: &str = "lists and mappings are nested too deeply";
const TOO_MUCH: &str = "its aliases repeat too much";

/// Why a document whose grammar is good cannot be read.
pub(super) fn beyond_syntax(error: &Error) -> &'static str {
    match error.without_snippet() {
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::Budget { .. } => TOO_MUCH,
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an anchor (&) holds itself by an alias (*)"
        }
        Error::UnknownAnchor { .. } => "an alias (*) names no anchor (&)",
        Error::MergeValueNotMapOrSeqOfMaps { .. } | Error::MergeKeyNotAllowed { .. } => {
            "what a merge key (<<) names is not a mapping"
        }
        Error::InvalidBinaryBase64 { .. } => "a value tagged !!binary is not base64",
        Error::BinaryNotUtf8 { .. } => "a value tagged !!binary holds bytes that are not text",
        Error::TaggedScalarCannotDeserializeIntoString { .. } | Error::UnsupportedTag { .. } => {
            "a tag (!) is on a value of another type"
        }
        Error::InvalidScalar { .. } | Error::NonFiniteFloat { .. } => {
            "a number is not one that JSON knows"
        }
        Error::MultipleDocuments { .. } => "'---' is missing between two documents",
        Error::AliasError { error, .. } => beyond_syntax(error),
        Error::FoldedBlockScalarMustIndentContent { .. } | Error::IndentationError { .. } => {
            "a line is indented wrongly"
        }
        Error::DuplicateMappingKey { .. } => "a key stands twice",
        // What is left speaks of the keys of mappings: a manifest's are text.
        _ => "a key is a list or a mapping",
    }
}
