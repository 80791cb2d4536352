"""Discord's Markdown on the page: what it turns into, and that nothing else ever becomes markup."""

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.chromium import Windows
from tests.browser.fake import Fake

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Writes what a text turns into as tags without attributes, save addresses of links.
OUTLINE = """
async (texts) => {
  const { render } = await import("/static/markdown.js");
  const tag = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const names = {
    mention: (kind, id) => tag("mark", `${kind} ${id}`),
    command: (path) => tag("kbd", path),
    jump: (channel, message, shown) => {
      const node = tag("q", `${channel} ${message ?? ""}`);
      if (shown) node.append(...shown);
      return node;
    },
  };
  const outline = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.replaceAll("<", "‹").replaceAll(">", "›");
    const name = node.localName;
    if (name === "br") return "↵";
    const address = name === "a" ? ` ${node.getAttribute("href")}` : "";
    return `<${name}${address}>${[...node.childNodes].map(outline).join("")}</${name}>`;
  };
  return texts.map((text) => [...render(text, names).childNodes].map(outline).join(""));
}
"""

CASES = [
    ("plain words", "plain words"),
    ("**bold** and *it* and _it_", "<strong>bold</strong> and <em>it</em> and <em>it</em>"),
    ("***both*** __under__ ~~gone~~", "<em><strong>both</strong></em> <u>under</u> <s>gone</s>"),
    ("**bold *and it* bold**", "<strong>bold <em>and it</em> bold</strong>"),
    ("*it **and bold** it*", "<em>it <strong>and bold</strong> it</em>"),
    ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
    ("||secret **x**||", "<span><span>secret <strong>x</strong></span></span>"),
    ("`a **b**` and ``a ` b``", "<code>a **b**</code> and <code>a ` b</code>"),
    ("```py\nx = 1\n**y**\n```after", "<pre><code>x = 1\n**y**</code></pre>after"),
    ("before ```one line``` after", "before <pre><code>one line</code></pre> after"),
    ("```never closed", "```never closed"),
    ("# One\n## Two\n### Three\n#### four", "<h1>One</h1><h2>Two</h2><h3>Three</h3>#### four"),
    ("-# small **x**\nbig", "<small>small <strong>x</strong></small>big"),
    ("> a\n> b\nc", "<blockquote>a↵b</blockquote>c"),
    (">>> a\n\nb", "<blockquote>a↵↵b</blockquote>"),
    ("- one\n- two\n  - three\n- four", "<ul><li>one</li><li>two<ul><li>three</li></ul></li><li>four</li></ul>"),
    ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
    ("a\nb", "a↵b"),
    (r"\*not\* \`code\` \<@1> \# no", "*not* `code` ‹@1› # no"),
    ("[shown](https://example.org/a_b)", "<a https://example.org/a_b>shown</a>"),
    ("[**bold** shown](https://example.org)", "<a https://example.org/><strong>bold</strong> shown</a>"),
    ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
    ("[x](data:text/html,hi)", "[x](data:text/html,hi)"),
    ("see https://example.org/x. yes", "see <a https://example.org/x>https://example.org/x</a>. yes"),
    ("<https://example.org/q>", "<a https://example.org/q>https://example.org/q</a>"),
    ("javascript:alert(1)", "javascript:alert(1)"),
    (
        "<@12> <@!12> <@&34> <#56>",
        "<mark>user 12</mark> <mark>user 12</mark> <mark>role 34</mark> <mark>channel 56</mark>",
    ),
    ("</imagine:77> </settings budget:78>", "<kbd>imagine</kbd> <kbd>settings budget</kbd>"),
    ("<:party:123> <a:dance:124>", ":party: :dance:"),
    ("https://discord.com/channels/1/22/333", "<q>22 333</q>"),
    ("https://discord.com/channels/@me/22", "<q>22 </q>"),
    ("[there](https://discord.com/channels/1/22/333)", "<q>22 333there</q>"),
    ("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
    ("**<img src=x onerror=alert(1)>**", "<strong>‹img src=x onerror=alert(1)›</strong>"),
    ("`<b>`", "<code>‹b›</code>"),
    ('[<svg onload=alert(1)>](https://example.org/"onmouseover="x)',
     '<a https://example.org/%22onmouseover=%22x>‹svg onload=alert(1)›</a>'),
    ("**", "**"),
    ("", ""),
]  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def page(fake: Fake, windows: Windows) -> Page:
    return await windows.open(fake.url)


async def test_each_mark_turns_into_what_discord_shows(page: Page) -> None:
    got: list[str] = await page.evaluate(OUTLINE, [text for text, _ in CASES])
    assert dict(zip([text for text, _ in CASES], got, strict=True)) == dict(CASES)


async def test_texts_made_to_confuse_are_drawn_too(page: Page) -> None:
    texts = [
        "**" * 2000,
        "_*" * 2000,
        "> " * 2000,
        "[" * 4000,
        "||`" * 1300,
        "- " * 2000,
        "*a " * 1300,
        "__" * 1999 + "x",
    ]
    got: list[str] = await page.evaluate(OUTLINE, texts)
    assert all(got)


async def test_times_are_written_in_each_style_and_relative_ones_tick(page: Page) -> None:
    seen: dict[str, Any] = await page.evaluate(
        """async () => {
          const times = await import("/static/times.js");
          const { render } = await import("/static/markdown.js");
          times.setClock(1_800_000_000_000);
          const at = (style) => render(`<t:1800000014:${style}>`, {}).textContent;
          const styles = Object.fromEntries([..."tTdDfFR"].map((style) => [style, at(style)]));
          document.body.append(render("<t:1800000014:R>", {}));
          const node = [...document.querySelectorAll("time")].at(-1);
          const before = node.textContent;
          times.setClock(1_800_000_120_000);
          const beyond = render("<t:9999999999999:R>", {}).textContent;
          return { styles, before, after: node.textContent, title: node.title, beyond };
        }"""
    )
    assert seen["styles"] == {
        "t": "8:00 AM",
        "T": "8:00:14 AM",
        "d": "01/15/2027",
        "D": "January 15, 2027",
        "f": "January 15, 2027 at 8:00 AM",
        "F": "Friday, January 15, 2027 at 8:00 AM",
        "R": "in 14 seconds",
    }
    assert seen["before"] == "in 14 seconds"
    assert seen["after"] == "2 minutes ago"
    assert seen["title"] == "Friday, January 15, 2027 at 8:00 AM"
    assert seen["beyond"] == "<t:9999999999999:R>"
