"""From a question to a cited reply: triage, stand-alone question, retrieval, answerability, composition, verification."""
