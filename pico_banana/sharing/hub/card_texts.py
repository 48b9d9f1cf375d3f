"""Paragraphs of the dataset card that do not depend on the data, in our own words."""

from __future__ import annotations

STREAMING = """\
`streaming=True` reads rows as they are needed. `filters` reads only the row groups that can match, and `columns` only
what is asked for; a label is compared by its number:

```python
from datasets import load_dataset_builder

label = load_dataset_builder("USER/NAME").info.features["edit_type"].str2int("zoom_in")
zooms = load_dataset("USER/NAME", split="train", streaming=True, filters=[("edit_type", "==", label)])
```
"""

# One line a row: Markdown tables cannot be wrapped.
# ruff: noqa: E501
COLUMNS = """\
| column | in | what it is |
|---|---|---|
| `id` | all | stable, unique over all configs; made from the published path |
| `source_image` | all but `instructions` | the photo |
| `edited_image` | `single_turn`, `preference` | the accepted edit |
| `rejected_images` | `preference` | the attempts rejected before it |
| `turns` | `multi_turn` | `instruction` and `image` of each turn, in order of time; the last `image` is the final one |
| `instruction`, `short_instruction` | all but `multi_turn` | the long and the short wording, as published |
| `edit_type`, `category` | all but `multi_turn` | one of 35 types, one of 8 categories; null for a label that is none of them |
| `edit_type_label`, `category_label` | all but `multi_turn` | the label as published, and its category in words |
| `source_url` | all but `instructions` | where the photo was published, for attribution |

Pictures are encoded files as published; `path` is their published path.
"""

RELEASE_TERMS = """\
- **Rows and edited pictures**: Pico-Banana-400K, by Apple, under
  [CC BY-NC-ND 4.0](https://creativecommons.org/licenses/by-nc-nd/4.0/). Non-commercial use; share it only unchanged and
  with attribution. Another file format is no change; a part of the rows, resized or re-encoded pictures and other texts are.
- **Source photos**: from Open Images, by their authors, under
  [CC BY 2.0](https://creativecommons.org/licenses/by/2.0/). `source_url` names each photo's page of origin: keep it.
- Annotations of your own (scores, masks, captions) can be shared without the data, by row `id`.

This is a copy made by a user. It is not an official release, and nothing here is legal advice.
"""

OWN_TERMS = """\
The publisher shares these data under **{licence}**. They have the shape of Pico-Banana-400K
([arXiv:2510.19808](https://arxiv.org/abs/2510.19808)) and hold nothing of it.
Source photos keep the licences of their authors; where `source_url` is set, it says where a photo comes from.
"""

CITATION = """\
```bibtex
@article{{picobanana400k,
  title   = {{Pico-Banana-400K: A Large-Scale Dataset for Text-Guided Image Editing}},
  author  = {{Qian, Yusu and Bocek-Rivele, Eli and Song, Liangchen and Tong, Jialing and Yang, Yinfei and Lu, Jiasen and Hu, Wenze and Gan, Zhe}},
  journal = {{arXiv preprint arXiv:2510.19808}},
  year    = {{2025}},
  url     = {{{paper}}}
}}
```
"""
