"""Real PDFs for the tests, made with fpdf2: pages with running headers, headings by size, wrapped and broken lines."""

from collections.abc import Sequence
from pathlib import Path

from fpdf import FPDF

BODY = 11
SIZES = {1: 20, 2: 15}

# The fourth leaflet: (level of a heading or 0, text). The second page begins inside a sentence, and a word is broken there.
CONSTIPATION: tuple[tuple[tuple[int, str], ...], ...] = (
    (
        (1, "Constipation from pain medicine"),
        (0, "Strong pain medicines slow the bowel down. Almost everybody who takes morphine"),
        (0, "gets constipated, so do not wait for it to happen."),
        (2, "Drinking and eating"),
        (0, "Drink two litres a day unless you were told to drink less. Prunes, pears and oat-"),
        (0, "meal soften the stool. Bran without enough fluid makes matters worse, and self-"),
    ),
    (
        (0, "care has its limits."),
        (2, "Laxatives"),
        (0, "Macrogol powder is dissolved in a glass of water and works within three days."),
        (0, "It is self-care that many people prefer."),
        (0, ""),
        (0, "Senna tablets are taken at bedtime. They work overnight and may cause cramps."),
    ),
    (
        (2, "When to ask for help"),
        (0, "Call the ward when you have not opened your bowels for three days, or when you are"),
        (0, "sick and your belly is hard and swollen."),
    ),
)


class Leaflet(FPDF):
    """Pages of lines, each with the same running header and a numbered footer."""

    running = "Hillside Hospital - Information for patients"

    def header(self) -> None:
        """The same on every page."""
        self.set_font("Helvetica", size=8)
        self.text(20, 10, self.running)

    def footer(self) -> None:
        """The page's number."""
        self.set_font("Helvetica", size=8)
        self.text(95, 290, f"Page {self.page_no()} of 3")


def write_leaflet(path: Path, pages: Sequence[Sequence[tuple[int, str]]] = CONSTIPATION, *, encrypted: bool = False) -> Path:
    """Write a leaflet; `encrypted`: it can't be opened without a password."""
    pdf = Leaflet()
    pdf.set_title("constipation-final-v3.docx")
    if encrypted:
        pdf.set_encryption(owner_password="owner", user_password="user")  # noqa: S106 (to be refused)
    for page in pages:
        pdf.add_page()
        height = 25.0
        for level, text in page:
            height += 6 if level else 0
            pdf.set_font("Helvetica", size=SIZES.get(level, BODY))
            pdf.text(20, height, text)
            height += 9 if level else 5
    pdf.output(str(path))
    return path
