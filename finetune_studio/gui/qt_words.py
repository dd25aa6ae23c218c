"""Words of Qt's own file dialog that Qt's translations lack or no longer fit. Knows no widget.

Qt shows that dialog where the desktop has none of its own. Their sources have changed since they
were translated: “&Look in:” was “Look in:” then, and folders moved to another class.
"""

from finetune_studio import qm

LACKING: dict[str, dict[str, dict[str, str]]] = {
    "ko": {
        "QFileDialog": {"&Look in:": "찾는 곳(&L):", "Files of &type:": "파일 형식(&T):"},
        "QAbstractFileIconProvider": {
            "Drive": "드라이브",
            "Folder": "폴더",
            "File": "파일",
            "File Folder": "폴더",
            "%1 File": "%1 파일",
            "Shortcut": "바로 가기",
            "Alias": "가상본",
            "Unknown": "알 수 없음",
        },
    }
}


def messages(code: str) -> list[qm.Message]:
    """What is lacking in a language, as the window's own texts are kept."""
    return [
        qm.Message(context, source, (form,))
        for context, forms in LACKING.get(code, {}).items()
        for source, form in forms.items()
    ]
