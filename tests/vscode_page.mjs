// The browser's side of tests/vscode.py: one JSON command a line on stdin, one JSON answer a line on stdout.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [playwright, chromiumPath, profile] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
const context = await chromium.launchPersistentContext(profile, {
  executablePath: chromiumPath,
  headless: true,
  viewport: { width: 1280, height: 720 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = context.pages()[0];
page.setDefaultTimeout(120_000);

const texts = {
  ghost() {
    const inline = [...document.querySelectorAll('.ghost-text-decoration')].map((part) => part.textContent).join('');
    const below = [...document.querySelectorAll('.view-zones .suggest-preview-text .view-line, .view-zones .suggest-preview-text > div > div')];
    return [inline, ...below.map((line) => line.textContent)].join('\n').replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
  },
  everything: () => document.querySelector('.monaco-workbench').innerText,
  toasts: () => [...document.querySelectorAll('.notification-toast')].map((toast) => toast.innerText).join('\n'),
  status: () => [...document.querySelectorAll('.statusbar-item')].map((item) => item.textContent).join(' | '),
  tooltips: () => [...document.querySelectorAll('.statusbar-item')].map((item) => item.getAttribute('aria-label')).join(' | '),
};

// A preview is a frame within a frame of the page, each of an origin of its own.
const inPreviews = (look) =>
  Promise.all(page.frames().map((frame) => frame.evaluate(look).catch(() => ''))).then((found) => found.join(''));
const previews = {
  text: () => inPreviews(() => document.querySelector('.markdown-body')?.innerText ?? ''),
  markup: () => inPreviews(() => document.querySelector('.markdown-body')?.innerHTML ?? ''),
};

const commands = {
  goto: (url) => page.goto(url, { waitUntil: 'domcontentloaded', timeout: 120_000 }),
  wait: (selector) => page.waitForSelector(selector),
  appears: (selector) => page.waitForSelector(selector, { timeout: 10_000 }).then(() => 'yes', () => 'no'),
  open: (name) => page.getByRole('treeitem', { name, exact: false }).first().dblclick(),
  click: (selector) => page.locator(selector).first().click(),
  press: (key) => page.keyboard.press(key),
  type: (text) => page.keyboard.type(text, { delay: 40 }),
  rightClick: (selector) => page.locator(selector).first().click({ button: 'right' }),
  count: (selector) => page.locator(selector).count().then(String),
  hover: (selector) => page.locator(selector).first().hover(),
  text: (name) => page.evaluate(texts[name]),
  preview: (name) => previews[name](),
  async follow(text) {
    for (const frame of page.frames()) {
      const link = frame.locator('.markdown-body a', { hasText: text });
      if (await link.count().catch(() => 0)) {
        return link.first().click();
      }
    }
    throw new Error('no such link in a preview');
  },
  screenshot: (path) => page.screenshot({ path }),
  screenshotOfText: (path) => page.locator('pre').screenshot({ path }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  try {
    const value = await commands[name](argument);
    process.stdout.write(`${JSON.stringify({ value: typeof value === 'string' ? value : null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error).slice(0, 600) })}\n`);
  }
}
await context.close();
