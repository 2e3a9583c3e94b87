"""Small real fine-tunings on a CPU, and what their loss curves can and cannot tell.

============================ =====================================================
`tasks`                      three task types: data made here, and a score for each
`base_model`                 the base model, trained here once and kept
`runs`                       one fine-tuning: LoRA or QLoRA, its losses and scores
`basic_qlora`                command: one fine-tuning, watched live
`loss_curve_analysis`        command: many fine-tunings, and tables about them
`tables`                     the statistics of those tables
============================ =====================================================
"""
