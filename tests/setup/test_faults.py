"""What uv and the system say, and the sentence that the person gets."""

import errno

import pytest

from finetune_studio.setup.faults import last_words, of_system, of_words

# As uv 0.13 prints them, shortened; certificates' as rustls does, locks' as Windows does.
SAID = {
    "error: Failed to fetch: `https://example.org/torch/`\n  Caused by: dns error": "network",
    "  Caused by: tcp connect error\n  Caused by: Connection refused (os error 111)": "network",
    "  cause: error sending request for url (https://example.org)\n": "network",
    "  Caused by: invalid peer certificate: UnknownIssuer": "SSL_CERT_FILE",
    "  Caused by: invalid peer certificate: certificate not valid yet: time": "date and",
    "  Caused by: invalid peer certificate: Expired": "date and time",
    "  Caused by: failed to write: No space left on device (os error 28)": "Free some space",
    "error: Hash mismatch for `peft==0.21.2`\n\nExpected:\n": "refused",
    "  Caused by: Permission denied (os error 13)": "folder of your own",
    "  Caused by: The process cannot access the file because it is being used by another process. "
    "(os error 32)": "Virus scanners",
    "  Caused by: HTTP status client error (407 Proxy Authentication Required)": "HTTPS_PROXY",
    "error: No solution found when resolving dependencies\n  cause: Because torch was not found in "
    "the package registry": "package index",
    "error: something new": "something new",
}


@pytest.mark.parametrize(("said", "words"), SAID.items())
def test_the_cause_becomes_a_sentence(said, words):
    error = of_words(said)
    assert words in str(error)
    assert error.hint
    assert "\n" not in str(error)


def test_secrets_are_not_repeated():
    assert "hunter2" not in last_words("error: failed: https://me:hunter2@proxy.example:8080/")


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk became full"), (errno.EACCES, "cannot be written"), (errno.EIO, "again")],
)
def test_the_systems_errors_too(number, words):
    assert words in str(of_system(OSError(number, "why", "/a/place")))
