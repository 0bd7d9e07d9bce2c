do -- fence variant=up generation=0 site=customer-07 (generated, do not edit)
end
