"""The fixed prompts of the parity test: what breaks tokenizers and templates first."""

PROMPTS = (
    "안녕하세요? 오늘 날씨가 어때요?",
    "대한민국의 수도는 어디인가요?",
    "What is the capital of France?",
    "Write one sentence about the sea.",
    "1,234.5 + 67 = ?\n\n  {{ }} {% if %} <tag> \"quoted\"\t'tab'",
    "커피 ☕ 한 잔에 3,500원이면 두 잔은? 👩‍🚀🇰🇷",
)
TEXTS = (
    *PROMPTS,
    "I've been there; they'll say: 'don't!' -- 2024-11-25, 10:30pm.",
    "가나다라마바사 ㄱㄴㄷ 漢字 かな ÄÖÜ éàç ½ ① ™ …",
    "def f(x):\n    return x ** 2  # 제곱\n\n\nprint(f(3))\n",
    "   앞에 빈칸,   가운데도,   뒤에도   ",
)
"""What the tokens are compared on. All in NFC: llama.cpp normalises nothing."""
