"""Words on the page: how tall they get."""

from finetune_studio.gui.widgets.layout import box, column
from finetune_studio.gui.widgets.text import Text


def test_words_that_may_not_be_wide_are_as_tall_as_they_wrap(qtbot):
    words = Text("한 줄에 다 들어가지 않는 꽤 긴 문장이에요. " * 3, wrap=True)
    words.setMaximumWidth(200)
    holder = box(column(words))
    qtbot.addWidget(holder)
    holder.resize(900, 400)
    holder.show()
    assert words.width() == 200
    assert holder.layout().totalHeightForWidth(900) >= words.heightForWidth(200)
    assert words.heightForWidth(900) == words.heightForWidth(200) > words.heightForWidth(120) / 3
