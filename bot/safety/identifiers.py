"""Does a text hold what tells who somebody is? Then it gets a hint to leave that out."""

import re

_IDENTIFIERS = re.compile(
    r"""[\w.+-]+@[\w-]+\.\w{2,}                                                   # e-mail
      | \b\d{3}-\d{2}-\d{4}\b                                                     # US social security number
      | (?<![\d.,])(?:\+?\d{1,3}[ .-]?)?(?:\(\d{2,5}\)|\d{3,5})[ .-]\d{3,4}[ .-]?\d{3,4}\b      # telephone, NHS number
      | \b(?:mrn|hosp(?:ital)?|nhs|ssn|social\ssecurity|record|patient|policy|member(?:ship)?|insurance|medicare|medicaid|case|chart|file|account
            |seguro|expediente)\s?(?:id|no\.?|number|num(?:ero)?|n[ºo°]|\#)?\W{0,3}(?:is\W?)?(?=[\w-]*\d{3})[\w-]{5,}
      | \b(?:dob|d\.o\.b|date\sof\sbirth|born(?:\son)?|fecha\sde\snacimiento|birthday|nacid[oa](?:\sel)?)\W{0,4}(?:is\W)?\d{1,4}
      | \b(?:dob|date\sof\sbirth|born\son)\W{0,4}\w{3,9}\s\d{1,2}
      | \b\d{1,5}\s(?:[A-Z][a-z]+\s){1,3}(?:St|Street|Rd|Road|Ave|Avenue|Lane|Ln|Drive|Dr|Close|Court|Way|Place|Blvd|Terrace)\b   # address
      | \b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b                                       # UK postcode
      | (?i:\b(?:my\sname(?:['’]?s|\sis)|i['’]?m\scalled|me\sllamo|patient(?:'s)?\s?(?:name)?\s?[:=]))\s+[A-Z][\w'-]+
      | \b(?:[Pp]atient|PATIENT|[Rr]e:|Mr\.?|Mrs\.?|Ms\.?)\s[A-Z][\w'-]+\s[A-Z][\w'-]+
      | \b(?:I['’]?m|[Tt]his\sis|name)\s[A-Z][a-z]+(?:-[A-Z][a-z]+)?\s[A-Z][a-z]+\b""",
    re.VERBOSE,
)
_LOWER = re.compile(
    r"""\b(?:dob|mrn|ssn|social\ssecurity\snumber|date\sof\sbirth|nhs\snumber|hospital\snumber|member\sid|policy\snumber|patient\snumber)\b\W{0,6}\w*\W{0,3}\w*\d""",
    re.IGNORECASE | re.VERBOSE,
)


def holds_identifiers(question: str) -> bool:
    """Whether a question, as it was typed, holds a number, a name or an address that points at a person."""
    return bool(_IDENTIFIERS.search(question) or _LOWER.search(question))
